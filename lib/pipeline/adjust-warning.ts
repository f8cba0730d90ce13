import type { Span } from "../model/span.ts";

/** The span with one more warning; a warning that it carries already is not repeated. */
export const withWarning = (span: Span, warning: string): Span =>
  span.warnings.includes(warning) ? span : { ...span, warnings: [...span.warnings, warning] };
