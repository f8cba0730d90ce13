import type { Context } from "hono";
import { MEANING, TracingError } from "../model/errors.ts";

interface FailureParts {
  /** The body, in the words of the API that was asked. */
  readonly body: (status: number, message: string) => string;
  /** Told of every fault that is not the client's. */
  readonly onFault: (error: unknown) => void;
}

/** The answer to a request that failed. Every generation of Jaeger's API labels it as text, whatever it holds (jaeger-wire 1.2, 1.9). */
export function failure(c: Context, error: unknown, { body, onFault }: FailureParts): Response {
  const known = shownFault(error);
  const status = MEANING[known.code].http;
  if (status >= 500) onFault(error);
  if (known.retryAfterSeconds !== undefined) c.header("Retry-After", String(known.retryAfterSeconds));
  challenge(c, known);
  return plainText(c, status, body(status, known.message));
}

/** Says how a caller may name himself, where he did not (RFC 9110, 11.6.1). Basic first: it is what a browser can ask a person for. */
export function challenge(c: Context, { code }: TracingError): void {
  if (code === "unauthenticated") c.header("WWW-Authenticate", 'Basic realm="skua", Bearer realm="skua"');
}

/** What of an error a caller may see. */
export const shownFault = (error: unknown): TracingError =>
  error instanceof TracingError ? error : new TracingError("internal", "internal error");

export function plainText(
  c: Context,
  status: 400 | 401 | 403 | 404 | 405 | 413 | 415 | 429 | 500 | 501 | 503 | 504,
  text: string,
): Response {
  c.header("Content-Type", "text/plain; charset=utf-8");
  c.header("X-Content-Type-Options", "nosniff");
  return c.body(text, status);
}
