import type { Trace } from "../model/span.ts";
import { withWarning } from "./adjust-warning.ts";

/** Drops links that lead nowhere: those whose trace id is all zero. */
export function dropEmptyLinks(trace: Trace): Trace {
  const spans = trace.spans.map((span) => {
    const links = span.links.filter((link) => !/^0*$/.test(link.traceId));
    return links.length === span.links.length ? span : withWarning({ ...span, links }, "Invalid span link removed");
  });
  return { ...trace, spans };
}
