// The shop as a service of Node's own http, traced by OpenTelemetry's instrumentation of it. PORT, else 8000;
// OTEL_EXPORTER_OTLP_ENDPOINT, else http://localhost:4318.
const { trace } = require("@opentelemetry/api");
const { OTLPTraceExporter } = require("@opentelemetry/exporter-trace-otlp-proto");
const { registerInstrumentations } = require("@opentelemetry/instrumentation");
const { HttpInstrumentation } = require("@opentelemetry/instrumentation-http");
const { resourceFromAttributes } = require("@opentelemetry/resources");
const { BatchSpanProcessor, NodeTracerProvider } = require("@opentelemetry/sdk-trace-node");

const provider = new NodeTracerProvider({
  resource: resourceFromAttributes({ "service.name": process.env.OTEL_SERVICE_NAME ?? "node-shop" }),
  spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter(), { scheduledDelayMillis: 500 })],
});
provider.register();
// Instrumentation sees what is required after it.
registerInstrumentations({
  instrumentations: [new HttpInstrumentation({ disableOutgoingRequestInstrumentation: true })],
});
const { createServer } = require("node:http");

const tracer = trace.getTracer("shop");

createServer((_, response) => {
  const items = tracer.startActiveSpan("load cart", { attributes: { "cart.size": 2 } }, (span) => {
    span.end();
    return ["book", "pen"];
  });
  response.setHeader("Content-Type", "application/json");
  response.end(JSON.stringify({ items }));
}).listen(Number(process.env.PORT ?? 8000), "127.0.0.1");
