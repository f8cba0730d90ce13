/** What went wrong, in gRPC's vocabulary (grpc/doc/statuscodes.md), which OTLP uses on every transport. */
export type Code =
  | "invalid_argument"
  | "unauthenticated"
  | "permission_denied"
  | "not_found"
  | "too_large"
  | "unsupported"
  | "method_not_allowed"
  | "throttled"
  | "unavailable"
  | "deadline_exceeded"
  | "unimplemented"
  | "internal";

interface Meaning {
  /** HTTP status (OTLP specification, "Failures"). */
  readonly http: 400 | 401 | 403 | 404 | 405 | 413 | 415 | 429 | 500 | 501 | 503 | 504;
  /** google.rpc.Code. */
  readonly grpc: number;
}

/** The one table from code to transport. */
export const MEANING: Readonly<Record<Code, Meaning>> = {
  invalid_argument: { http: 400, grpc: 3 },
  unauthenticated: { http: 401, grpc: 16 },
  permission_denied: { http: 403, grpc: 7 },
  not_found: { http: 404, grpc: 5 },
  too_large: { http: 413, grpc: 8 },
  unsupported: { http: 415, grpc: 3 },
  method_not_allowed: { http: 405, grpc: 12 },
  throttled: { http: 429, grpc: 8 },
  unavailable: { http: 503, grpc: 14 },
  deadline_exceeded: { http: 504, grpc: 4 },
  unimplemented: { http: 501, grpc: 12 },
  internal: { http: 500, grpc: 13 },
};

/** A fault that ends a request. Its message is for the caller; its cause is for the log and never leaves the process. */
export class TracingError extends Error {
  readonly code: Code;
  /** When to try again; only with throttled and unavailable. */
  readonly retryAfterSeconds: number | undefined;

  constructor(code: Code, message: string, more: { cause?: unknown; retryAfterSeconds?: number } = {}) {
    super(message, { cause: more.cause });
    this.name = "TracingError";
    this.code = code;
    this.retryAfterSeconds = more.retryAfterSeconds;
  }
}

export const invalid = (message: string): TracingError => new TracingError("invalid_argument", message);
