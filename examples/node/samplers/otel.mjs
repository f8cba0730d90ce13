import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { traffic } from "./traffic.mjs";

export const SERVICE = process.env.OTEL_SERVICE_NAME ?? "shop";

/** Traffic with this sampler. OTEL_EXPORTER_OTLP_ENDPOINT is the exporter's own. */
export async function trafficWith(sampler) {
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ "service.name": SERVICE }),
    sampler,
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  });
  const tracer = provider.getTracer("shop");
  await traffic(
    () => tracer.startSpan("GET /cart"),
    (span) => span.isRecording(),
  );
  await provider.shutdown();
  process.exit(0);
}
