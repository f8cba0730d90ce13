// Where to: OTEL_EXPORTER_JAEGER_AGENT_HOST and _PORT (UDP, else localhost:6832), or OTEL_EXPORTER_JAEGER_ENDPOINT (HTTP).
import { JaegerExporter } from "@opentelemetry/exporter-jaeger";
import { sendCheckout } from "./checkout.mjs";

console.log(JSON.stringify(await sendCheckout(new JaegerExporter())));
