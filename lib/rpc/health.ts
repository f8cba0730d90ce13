import { TracingError } from "../model/errors.ts";
import { Writer } from "../otlp/write.ts";
import { type Method, serverStreaming, unary } from "./method.ts";
import { readText } from "./read-text.ts";
import type { Serving } from "./serving.ts";

const SERVICE = "grpc.health.v1.Health";

/** HealthCheckResponse.ServingStatus. */
const SERVING = 1;
const NOT_SERVING = 2;
const SERVICE_UNKNOWN = 3;

const shared = {
  ...{ service: SERVICE, scope: undefined, encode: statusBytes },
  /** HealthCheckRequest{service 1}. */
  decode: (bytes: Uint8Array) => readText(bytes, 1),
};

/**
 * gRPC's health checks (grpc/doc/health-checking.md): all services of a server work or none does.
 * @param services full names; the empty name, which stands for the whole server, need not be among them
 */
export function healthMethods(serving: Serving, services: readonly string[]): Method<never>[] {
  const known = new Set(["", ...services]);
  const now = (): number => (serving.isServing() ? SERVING : NOT_SERVING);
  return [
    unary<never, string, number>({
      ...shared,
      name: "Check",
      handle(service) {
        if (!known.has(service))
          throw new TracingError("not_found", `service ${service}: expected one of ${services.join(", ")}`);
        return now();
      },
    }),
    unary<never, string, number>({
      ...shared,
      name: "List",
      handle: now,
      encode: (status) => listBytes([...known], status),
    }),
    serverStreaming<never, string, number>({
      ...shared,
      name: "Watch",
      async *handle(service, { signal }) {
        if (!known.has(service)) yield SERVICE_UNKNOWN;
        for await (const isServing of serving.watch(signal))
          if (known.has(service)) yield isServing ? SERVING : NOT_SERVING;
      },
    }),
  ];
}

/** HealthCheckResponse{status 1}. */
function statusBytes(status: number): Uint8Array {
  const writer = new Writer(16);
  writer.uint32(1, status);
  return writer.finish();
}

/** HealthListResponse{statuses 1: map from name 1 to HealthCheckResponse 2}. */
function listBytes(services: readonly string[], status: number): Uint8Array {
  const writer = new Writer();
  for (const service of services) {
    const entry = writer.begin(1);
    writer.text(1, service);
    writer.bytes(2, statusBytes(status));
    writer.end(entry);
  }
  return writer.finish();
}
