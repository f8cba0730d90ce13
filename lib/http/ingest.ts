import { Hono } from "hono";
import { TracingError } from "../model/errors.ts";
import type { Strategies } from "../sampling/strategies.ts";
import { cors } from "./cors.ts";
import { grpcWebDoor } from "./grpc-web.ts";
import { exportMethod, postSpansMethod } from "./ingest-methods.ts";
import { jaegerDoor } from "./jaeger.ts";
import { type DoorParts, otlpDoor, otlpFailure } from "./otlp.ts";
import { samplingApp } from "./sampling.ts";
import { samplingMethod } from "./sampling-method.ts";
import { zipkinDoor } from "./zipkin.ts";

export interface IngestAppParts extends DoorParts {
  /** Web pages that may send spans: `https://app.example`, a `*` for any port or any one label. */
  readonly corsOrigins: readonly string[];
  /** Asked each time, for they are reloaded; undefined where clients are told elsewhere how to sample. */
  readonly strategies?: () => Strategies;
  /** The file that they were read from, where clients ask over HTTP on this address too. */
  readonly strategiesFile?: () => string;
  /** Told of every error that stands in a gRPC-web answer, by the HTTP status that means the same. */
  readonly onRefused?: (status: number) => void;
}

/** The doors that take spans, on one address. */
export function ingestApp({ corsOrigins, strategies, strategiesFile, onRefused, ...parts }: IngestAppParts): Hono {
  const { ingest, tenantOf, onFault } = parts;
  const methods = [
    exportMethod(ingest),
    postSpansMethod(ingest),
    ...(strategies === undefined ? [] : [samplingMethod(strategies)]),
  ];
  const app = new Hono();
  app.use(cors(corsOrigins));
  app.route("/", grpcWebDoor({ methods, tenants: { ingest: tenantOf }, onFault, ...(onRefused && { onRefused }) }));
  app.route("/", otlpDoor(parts));
  app.route("/", jaegerDoor(parts));
  app.route("/", zipkinDoor(parts));
  if (strategies !== undefined && strategiesFile !== undefined)
    app.route("/", samplingApp({ strategies, file: strategiesFile, tenantOf, onFault }, false));
  app.notFound((c) =>
    otlpFailure(c, new TracingError("not_found", `no such path: ${c.req.path}; traces go to POST /v1/traces`)),
  );
  return app;
}
