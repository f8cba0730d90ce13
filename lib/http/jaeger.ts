import { Hono } from "hono";
import { jaegerBatchToOtlp } from "../jaeger/thrift/batch.ts";
import { TracingError } from "../model/errors.ts";

import { readBody } from "./body.ts";
import { failure, plainText } from "./failure.ts";
import { mediaType } from "./media-type.ts";
import type { DoorParts } from "./otlp.ts";
import { type SamplingAppParts, samplingApp } from "./sampling.ts";
import { takeSpans } from "./take.ts";

type Protocol = Parameters<typeof jaegerBatchToOtlp>[1];

/** Parameters of a content type say nothing here; the compact protocol has a name of its own (IANA, "application/vnd.apache.thrift"). */
const PROTOCOLS: Readonly<Record<string, Protocol>> = {
  "application/x-thrift": "binary",
  "application/vnd.apache.thrift.binary": "binary",
  "application/vnd.apache.thrift.compact": "compact",
};

/** Jaeger's Thrift over HTTP (jaeger-wire 4.2): one bare `Batch`, whose spans are all of one process. */
export function jaegerDoor({ ingest, tenantOf, onFault }: DoorParts): Hono {
  const app = new Hono();
  app.post("/api/traces", async (c) => {
    const tenant = await tenantOf(c.req.raw);
    const protocol = protocolOf(c.req.header("content-type"));
    const batch = await readBody(c.req.raw);
    await takeSpans(ingest, tenant, jaegerBatchToOtlp(batch, protocol));
    return c.body(null, 202);
  });
  app.all("/api/traces", (c) => {
    c.header("Allow", "POST");
    throw new TracingError("method_not_allowed", `method not allowed: ${c.req.method}, expected POST`);
  });
  app.onError((error, c) => failure(c, error, { body: (_, message) => `${message}\n`, onFault }));
  return app;
}

function protocolOf(contentType: string | undefined): Protocol {
  const type = mediaType(contentType);
  const protocol = PROTOCOLS[type];
  if (protocol === undefined)
    throw new TracingError(
      "unsupported",
      `Content-Type ${type || "none"}: expected ${Object.keys(PROTOCOLS).join(", ")}`,
    );
  return protocol;
}

/** Jaeger's collector port: spans, and the path on which its oldest clients ask how to sample. */
export function jaegerApp(parts: DoorParts, sampling: SamplingAppParts): Hono {
  const app = new Hono();
  app.route("/", jaegerDoor(parts));
  app.route("/", samplingApp(sampling, false));
  app.notFound((c) => plainText(c, 404, "404 page not found\n"));
  return app;
}
