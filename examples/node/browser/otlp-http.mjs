import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";

/** For a page: OTLP/HTTP in JSON, with a token where the server asks for one. `url` is like http://localhost:4318. */
export const otlpExporter = (url, token) =>
  new OTLPTraceExporter({
    url: `${url}/v1/traces`,
    headers: token === undefined ? {} : { Authorization: `Bearer ${token}` },
  });
