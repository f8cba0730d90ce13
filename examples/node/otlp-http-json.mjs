// Where to: OTEL_EXPORTER_OTLP_ENDPOINT, else http://localhost:4318.
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { sendCheckout } from "./checkout.mjs";

console.log(JSON.stringify(await sendCheckout(new OTLPTraceExporter())));
