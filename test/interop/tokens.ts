import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type SkuaServer, startServer, temporaryFolder } from "../support/skua-server.ts";

/** As it comes from `npm run token`. */
export const TOKEN = `skua_${"i".repeat(43)}`;

const OTEL = { OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${TOKEN}` };
const BASIC = { JAEGER_USER: "any", JAEGER_PASSWORD: TOKEN };

/** Clients by their names, and how each is told a token: the settings of docs/clients.md. */
export const TOKEN_SETTINGS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "node: OpenTelemetry, OTLP/HTTP with protobuf": OTEL,
  "node: OpenTelemetry, OTLP/gRPC": OTEL,
  "node: jaeger-client by HTTP": BASIC,
  "python: OpenTelemetry, OTLP/HTTP, compression gzip": OTEL,
  "python: OpenTelemetry, OTLP/gRPC": OTEL,
  "go: OpenTelemetry, OTLP/HTTP": OTEL,
  "go: jaeger-client-go by HTTP": BASIC,
  "java: jaeger-client by HTTP": { JAEGER_AUTH_TOKEN: TOKEN },
};

/** A server that asks everybody for a token; started when it is first needed. */
export function closedServer() {
  const folder = temporaryFolder();
  let started: Promise<SkuaServer> | undefined;
  const sha256 = createHash("sha256").update(TOKEN).digest("hex");
  return {
    get(): Promise<SkuaServer> {
      const file = join(folder.path, "access.json");
      writeFileSync(file, JSON.stringify({ tokens: [{ sha256, tenant: "acme", scopes: ["ingest", "query"] }] }));
      started ??= startServer({ data: join(folder.path, "data"), flags: ["--access", file] });
      return started;
    },
    async stop(): Promise<void> {
      await (await started)?.stop();
      folder.remove();
    },
  };
}
