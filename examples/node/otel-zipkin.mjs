// Where to: OTEL_EXPORTER_ZIPKIN_ENDPOINT, else http://localhost:9411/api/v2/spans.
import { ZipkinExporter } from "@opentelemetry/exporter-zipkin";
import { sendCheckout } from "./checkout.mjs";

console.log(JSON.stringify(await sendCheckout(new ZipkinExporter())));
