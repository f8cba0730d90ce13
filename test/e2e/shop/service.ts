// One service of a small shop, instrumented as any application is: run as a process of its own, told what to do by
// OpenTelemetry's own environment variables. When asked, it flushes and hands over the spans that its SDK recorded.
import { createRequire } from "node:module";
import { SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { OTLPTraceExporter as GrpcExporter } from "@opentelemetry/exporter-trace-otlp-grpc";
import { OTLPTraceExporter as JsonExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtobufExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { registerInstrumentations } from "@opentelemetry/instrumentation";
import { HttpInstrumentation } from "@opentelemetry/instrumentation-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { InMemorySpanExporter, SimpleSpanProcessor, type SpanExporter } from "@opentelemetry/sdk-trace-base";
import { BatchSpanProcessor, NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { recordedSpan } from "./recorded.ts";

const [name = "", next = ""] = process.argv.slice(2);
const memory = new InMemorySpanExporter();
/** By what OTEL_EXPORTER_OTLP_PROTOCOL may say. */
const EXPORTERS: Readonly<Record<string, () => SpanExporter>> = {
  grpc: () => new GrpcExporter(),
  "http/json": () => new JsonExporter(),
  "http/protobuf": () => new ProtobufExporter(),
};
const exporterOf = EXPORTERS[process.env.OTEL_EXPORTER_OTLP_PROTOCOL ?? ""] ?? (() => new ProtobufExporter());
const provider = new NodeTracerProvider({
  resource: resourceFromAttributes({
    "service.name": name,
    "service.version": "1.2.3",
    "shop.shelf": 42,
    "shop.open": true,
  }),
  spanProcessors: [
    new BatchSpanProcessor(exporterOf(), { scheduledDelayMillis: 200 }),
    new SimpleSpanProcessor(memory),
  ],
});
provider.register();
registerInstrumentations({ instrumentations: [new HttpInstrumentation()] });

// Loaded after the instrumentation, which patches what it finds.
const http: typeof import("node:http") = createRequire(import.meta.url)("node:http");
const tracer = trace.getTracer("shop", "0.9.1");

const server = http.createServer((request, response) => {
  tracer.startActiveSpan(`work for ${request.url}`, (span) => {
    const finish = (status: number): void => {
      span.end();
      response.writeHead(status).end(name);
    };
    if (next !== "")
      http.get(`${next}/shelf/7`, (answer) => answer.resume().on("end", () => finish(answer.statusCode ?? 0)));
    else {
      searchTheShelf();
      finish(500);
    }
  });
});

/** A span with everything that the API lets an application say. */
function searchTheShelf(): void {
  const links = [
    { context: { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", traceFlags: 1 } },
    { context: { traceId: "4bf92f3577b34da6a3ce929d0e0e4736", spanId: "00f067aa0ba902b7", traceFlags: 0 } },
  ];
  const span = tracer.startSpan("search the shelf", { kind: SpanKind.PRODUCER, links });
  span.setAttributes({
    text: "Grüße, 日本 🦤",
    empty: "",
    yes: true,
    no: false,
    whole: 42,
    zero: 0,
    negative: -7,
    largest: Number.MAX_SAFE_INTEGER,
    fraction: 0.1,
    tiny: 1e-9,
    texts: ["a", "b"],
    wholes: [1, 2, 3],
    fractions: [0.5, 1.5],
    flags: [true, false],
    none: [],
  });
  span.addEvent("opened", { drawer: 3, "drawer.label": "beaks", locked: false, weight: 1.25 });
  span.addEvent("nothing to say");
  span.recordException(new Error("no such bird"));
  span.setStatus({ code: SpanStatusCode.ERROR, message: "the shelf is empty" });
  span.end();
  tracer.startSpan("count", { kind: SpanKind.CONSUMER }).setStatus({ code: SpanStatusCode.OK }).end();
}

server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (typeof address === "object") process.send?.({ port: address?.port });
});

process.on("message", async () => {
  await provider.forceFlush();
  process.send?.({ spans: memory.getFinishedSpans().map(recordedSpan) });
  await provider.shutdown();
  process.exit(0);
});
