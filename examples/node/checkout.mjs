// The trace that every OpenTelemetry client of this folder sends: one request of a shop that failed.
import {
  DiagConsoleLogger,
  DiagLogLevel,
  diag,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";

diag.setLogger(new DiagConsoleLogger(), DiagLogLevel.WARN);

/** Sends it through the exporter; its id, and when it began in Unix milliseconds. */
export async function sendCheckout(exporter) {
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ "service.name": "shop", "service.version": "1.2.3", replicas: 3 }),
    spanProcessors: [new BatchSpanProcessor(exporter)],
  });
  const tracer = provider.getTracer("shop.checkout", "0.7.0");
  const start = Date.now();
  const at = (millis) => new Date(start + millis);

  const request = tracer.startSpan("POST /checkout", {
    kind: SpanKind.SERVER,
    startTime: at(0),
    attributes: {
      "http.request.method": "POST",
      "http.response.status_code": 503,
      "cart.total": 99.5,
      "cart.gift": true,
      "cart.items": ["book", "pen"],
      "cart.counts": [1, 2],
      // Past 2^53, where most numbers have no double.
      "cart.id": 9007199254740994,
    },
  });
  const inRequest = trace.setSpan(ROOT_CONTEXT, request);
  const query = tracer.startSpan(
    "SELECT stock",
    { kind: SpanKind.CLIENT, startTime: at(2), attributes: { "db.system.name": "postgresql" } },
    inRequest,
  );
  query.addEvent("retry", { attempt: 2 }, at(3));
  query.end(at(5));
  tracer
    .startSpan(
      "notify",
      { kind: SpanKind.PRODUCER, startTime: at(6), links: [{ context: query.spanContext() }] },
      inRequest,
    )
    .setStatus({ code: SpanStatusCode.OK })
    .end(at(7));
  request.addEvent("exception", { "exception.type": "OutOfStock", "exception.message": "no pens" }, at(8));
  request.setStatus({ code: SpanStatusCode.ERROR, message: "no stock" });
  request.end(at(9));

  await provider.shutdown();
  return { traceId: request.spanContext().traceId, start };
}
