import { MEANING, type TracingError } from "../model/errors.ts";
import { Writer } from "../otlp/write.ts";

/** How a call ended, as gRPC says it in trailers. */
export interface RpcStatus {
  /** google.rpc.Code; 0 is success. */
  readonly code: number;
  readonly message: string;
  /** A google.rpc.Status that says more, for `grpc-status-details-bin`. */
  readonly details: Uint8Array | undefined;
}

export const OK: RpcStatus = { code: 0, message: "", details: undefined };

/** Seconds after which a client should come back, when the cause names none. */
const RETRY_AFTER_SECONDS = 5;

/**
 * What a failed call answers. OTLP's clients try again after RESOURCE_EXHAUSTED only when RetryInfo says that it helps
 * (OTLP specification, "Failures"): it does for a rate, never for a size.
 */
export function statusOf({ code, message, retryAfterSeconds }: TracingError): RpcStatus {
  // An encoding that we do not know (grpc/doc/compression.md); HTTP has 415 for it, and OTLP says no more than that there.
  const { grpc } = MEANING[code === "unsupported" ? "unimplemented" : code];
  const isRetried = code === "throttled" || code === "unavailable";
  return {
    code: grpc,
    message,
    details: isRetried ? retryDetails(grpc, message, retryAfterSeconds ?? RETRY_AFTER_SECONDS) : undefined,
  };
}

/** google.rpc.Status{code 1, message 2, details 3: Any{type_url 1, value 2: RetryInfo{retry_delay 1: Duration{seconds 1}}}}. */
function retryDetails(code: number, message: string, seconds: number): Uint8Array {
  const status = new Writer();
  status.uint32(1, code);
  status.text(2, message);
  const any = status.begin(3);
  status.text(1, "type.googleapis.com/google.rpc.RetryInfo");
  const info = status.begin(2);
  const delay = status.begin(1);
  status.uint32(1, Math.ceil(seconds));
  status.end(delay);
  status.end(info);
  status.end(any);
  return status.finish();
}

/** `grpc-message`: UTF-8, in which all but printable ASCII stands percent-encoded (grpc/doc/PROTOCOL-HTTP2.md, "Responses"). */
export const encodeMessage = (message: string): string =>
  message.toWellFormed().replace(/[^ -$&-~]+/g, (run) => encodeURIComponent(run));
