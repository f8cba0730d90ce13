import { Hono } from "hono";
import { TracingError } from "../model/errors.ts";
import { MAX_BODY_BYTES, MAX_JSON_BODY_BYTES } from "../runtime/limits.ts";
import { zipkinV1JsonToOtlp } from "../zipkin/v1-json.ts";
import { zipkinV1ThriftToOtlp } from "../zipkin/v1-thrift.ts";
import { zipkinV2JsonToOtlp } from "../zipkin/v2-json.ts";
import { zipkinV2ProtoToOtlp } from "../zipkin/v2-proto.ts";
import { readBody } from "./body.ts";
import { failure, plainText } from "./failure.ts";
import { mediaType } from "./media-type.ts";
import type { DoorParts } from "./otlp.ts";
import { takeSpans } from "./take.ts";

interface Format {
  readonly toOtlp: (body: Uint8Array) => Uint8Array;
  readonly maxBytes: number;
}

const v1Json: Format = { toOtlp: zipkinV1JsonToOtlp, maxBytes: MAX_JSON_BODY_BYTES };
const v2Json: Format = { toOtlp: zipkinV2JsonToOtlp, maxBytes: MAX_JSON_BODY_BYTES };

/** By path and content type. Some old clients state none, and mean JSON. */
const FORMATS: Readonly<Record<string, Readonly<Record<string, Format>>>> = {
  "/api/v1/spans": {
    "application/json": v1Json,
    "application/x-thrift": { toOtlp: (body) => zipkinV1ThriftToOtlp(body), maxBytes: MAX_BODY_BYTES },
    "": v1Json,
  },
  "/api/v2/spans": {
    "application/json": v2Json,
    "application/x-protobuf": { toOtlp: zipkinV2ProtoToOtlp, maxBytes: MAX_BODY_BYTES },
    "": v2Json,
  },
};

/** Zipkin's collector over HTTP, both generations (zipkin-api, zipkin-api.yaml and zipkin2-api.yaml; jaeger-wire 4.5). */
export function zipkinDoor({ ingest, tenantOf, onFault }: DoorParts): Hono {
  const app = new Hono();
  for (const [path, formats] of Object.entries(FORMATS)) {
    app.post(path, async (c) => {
      const tenant = await tenantOf(c.req.raw);
      const { toOtlp, maxBytes } = formatOf(formats, c.req.header("content-type"));
      await takeSpans(ingest, tenant, toOtlp(await readBody(c.req.raw, maxBytes)));
      return c.body(null, 202);
    });
    app.all(path, (c) => {
      c.header("Allow", "POST");
      throw new TracingError("method_not_allowed", `method not allowed: ${c.req.method}, expected POST`);
    });
  }
  app.onError((error, c) => failure(c, error, { body: (_, message) => `${message}\n`, onFault }));
  return app;
}

/** Zipkin's own port. */
export function zipkinApp(parts: DoorParts): Hono {
  const app = new Hono();
  app.route("/", zipkinDoor(parts));
  app.notFound((c) => plainText(c, 404, "404 page not found\n"));
  return app;
}

function formatOf(formats: Readonly<Record<string, Format>>, contentType: string | undefined): Format {
  const type = mediaType(contentType);
  const format = formats[type];
  if (format !== undefined) return format;
  const expected = Object.keys(formats).filter((known) => known !== "");
  throw new TracingError("unsupported", `Content-Type ${type}: expected ${expected.join(", ")}`);
}
