package shop;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The trace that every OpenTelemetry client of this folder sends: one request of a shop that failed. */
final class Checkout {
  private Checkout() {}

  /** Sends it through the exporter and prints its id, and when it began in Unix milliseconds. */
  static void send(SpanExporter exporter) {
    SdkTracerProvider provider =
        SdkTracerProvider.builder()
            .setResource(
                Resource.create(
                    Attributes.builder()
                        .put("service.name", "shop")
                        .put("service.version", "1.2.3")
                        .put("replicas", 3)
                        .build()))
            .addSpanProcessor(BatchSpanProcessor.builder(exporter).build())
            .build();
    Tracer tracer = provider.tracerBuilder("shop.checkout").setInstrumentationVersion("0.7.0").build();
    long start = System.currentTimeMillis();

    Span request =
        tracer
            .spanBuilder("POST /checkout")
            .setSpanKind(SpanKind.SERVER)
            .setStartTimestamp(start, TimeUnit.MILLISECONDS)
            .setAttribute("http.request.method", "POST")
            .setAttribute("http.response.status_code", 503)
            .setAttribute("cart.total", 99.5)
            .setAttribute("cart.gift", true)
            .setAttribute(AttributeKey.stringArrayKey("cart.items"), List.of("book", "pen"))
            .setAttribute(AttributeKey.longArrayKey("cart.counts"), List.of(1L, 2L))
            // Past 2^53, and no double.
            .setAttribute("cart.id", 9007199254740993L)
            .startSpan();
    Context inRequest = Context.root().with(request);
    Span query =
        tracer
            .spanBuilder("SELECT stock")
            .setParent(inRequest)
            .setSpanKind(SpanKind.CLIENT)
            .setStartTimestamp(start + 2, TimeUnit.MILLISECONDS)
            .setAttribute("db.system.name", "postgresql")
            .startSpan();
    query.addEvent("retry", Attributes.of(AttributeKey.longKey("attempt"), 2L), start + 3, TimeUnit.MILLISECONDS);
    query.end(start + 5, TimeUnit.MILLISECONDS);
    tracer
        .spanBuilder("notify")
        .setParent(inRequest)
        .setSpanKind(SpanKind.PRODUCER)
        .addLink(query.getSpanContext())
        .setStartTimestamp(start + 6, TimeUnit.MILLISECONDS)
        .startSpan()
        .setStatus(StatusCode.OK)
        .end(start + 7, TimeUnit.MILLISECONDS);
    Attributes exception =
        Attributes.builder().put("exception.type", "OutOfStock").put("exception.message", "no pens").build();
    request.addEvent("exception", exception, start + 8, TimeUnit.MILLISECONDS);
    request.setStatus(StatusCode.ERROR, "no stock");
    request.end(start + 9, TimeUnit.MILLISECONDS);

    provider.shutdown().join(10, TimeUnit.SECONDS);
    System.out.printf("{\"traceId\":\"%s\",\"start\":%d}%n", request.getSpanContext().getTraceId(), start);
  }
}
