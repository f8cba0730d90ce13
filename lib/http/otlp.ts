import { type Context, Hono } from "hono";
import { MEANING, TracingError } from "../model/errors.ts";
import { jsonToTraces } from "../otlp/json.ts";
import { type Encoding, exportResponse, statusResponse } from "../otlp/responses.ts";
import type { Ingest } from "../pipeline/ingest.ts";
import { MAX_BODY_BYTES, MAX_JSON_BODY_BYTES } from "../runtime/limits.ts";
import { readBody } from "./body.ts";
import { challenge } from "./failure.ts";
import { mediaType } from "./media-type.ts";
import type { TenantOf } from "./tenant-of.ts";

/** What every door that takes spans stands on. */
export interface DoorParts {
  readonly ingest: Ingest;
  /** Whose spans a request brings. */
  readonly tenantOf: TenantOf;
  /** Told of every fault that is not the client's. */
  readonly onFault: (error: unknown) => void;
}

const CONTENT_TYPES: Readonly<Record<Encoding, string>> = {
  protobuf: "application/x-protobuf",
  json: "application/json",
};

const MAX_BYTES: Readonly<Record<Encoding, number>> = { protobuf: MAX_BODY_BYTES, json: MAX_JSON_BODY_BYTES };

/** Seconds after which a client whose data could not be taken should come back, when the cause names none. */
const RETRY_AFTER_SECONDS = 5;

/** OTLP/HTTP (opentelemetry-proto, docs/specification.md, "OTLP/HTTP"). */
export function otlpDoor({ ingest, tenantOf, onFault }: DoorParts): Hono {
  const app = new Hono();
  app.post("/v1/traces", async (c) => {
    const tenant = await tenantOf(c.req.raw);
    const encoding = encodingOf(c.req.header("content-type"));
    const body = await readBody(c.req.raw, MAX_BYTES[encoding]);
    const traces = encoding === "json" ? jsonToTraces(body) : body;
    const outcome = await ingest(tenant, traces);
    const { rejectedSpans, message } = outcome;
    return answer(c, encoding, 200, exportResponse(encoding, { rejectedSpans, message }));
  });
  app.all("/v1/traces", (c) => {
    c.header("Allow", "POST");
    throw new TracingError("method_not_allowed", `405 method not allowed: ${c.req.method}, supported: [POST]`);
  });
  app.onError((error, c) => {
    const known =
      error instanceof TracingError ? error : new TracingError("internal", "internal error", { cause: error });
    if (MEANING[known.code].http >= 500) onFault(error);
    return otlpFailure(c, known);
  });
  return app;
}

function encodingOf(contentType: string | undefined): Encoding {
  const type = mediaType(contentType);
  if (type === CONTENT_TYPES.protobuf) return "protobuf";
  if (type === CONTENT_TYPES.json) return "json";
  const supported = `${CONTENT_TYPES.json}, ${CONTENT_TYPES.protobuf}`;
  throw new TracingError("unsupported", `415 unsupported media type: ${type || "none"}, supported: [${supported}]`);
}

/** An error as google.rpc.Status in the request's own encoding; JSON where the request's encoding is not one of ours. */
export function otlpFailure(c: Context, error: TracingError): Response {
  const encoding: Encoding = mediaType(c.req.header("content-type")) === CONTENT_TYPES.protobuf ? "protobuf" : "json";
  const { http, grpc } = MEANING[error.code];
  if (http === 429 || http === 503) c.header("Retry-After", String(error.retryAfterSeconds ?? RETRY_AFTER_SECONDS));
  challenge(c, error);
  return answer(c, encoding, http, statusResponse(encoding, grpc, error.message));
}

function answer(
  c: Context,
  encoding: Encoding,
  status: 200 | (typeof MEANING)[TracingError["code"]]["http"],
  body: Uint8Array<ArrayBuffer>,
): Response {
  return c.body(body, status, { "Content-Type": CONTENT_TYPES[encoding] });
}
