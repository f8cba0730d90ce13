import { Hono } from "hono";
import { TracingError } from "../model/errors.ts";
import { cors } from "./cors.ts";
import { jaegerDoor } from "./jaeger.ts";
import { type DoorParts, otlpDoor, otlpFailure } from "./otlp.ts";

export interface IngestAppParts extends DoorParts {
  /** Web pages that may send spans: `https://app.example`, a `*` for any port or any one label. */
  readonly corsOrigins: readonly string[];
}

/** The doors that take spans, on one address. */
export function ingestApp({ corsOrigins, ...parts }: IngestAppParts): Hono {
  const app = new Hono();
  app.use(cors(corsOrigins));
  app.route("/", otlpDoor(parts));
  app.route("/", jaegerDoor(parts));
  app.notFound((c) =>
    otlpFailure(c, new TracingError("not_found", `no such path: ${c.req.path}; traces go to POST /v1/traces`)),
  );
  return app;
}
