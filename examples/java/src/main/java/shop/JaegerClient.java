package shop;

import io.jaegertracing.Configuration;
import io.jaegertracing.internal.JaegerSpan;
import io.jaegertracing.internal.JaegerTracer;
import io.opentracing.References;
import java.util.Map;

/** Where to: JAEGER_AGENT_HOST and JAEGER_AGENT_PORT (UDP, else localhost:6831), or JAEGER_ENDPOINT (HTTP, .../api/traces). */
final class JaegerClient {
  public static void main(String[] args) {
    JaegerTracer tracer =
        new Configuration("shop")
            .withSampler(new Configuration.SamplerConfiguration().withType("const").withParam(1))
            .withReporter(Configuration.ReporterConfiguration.fromEnv())
            .withTracerTags(Map.of("shop.version", "1.2.3"))
            .withTraceId128Bit(true)
            .getTracer();
    long start = System.currentTimeMillis();

    JaegerSpan request =
        tracer
            .buildSpan("POST /checkout")
            .withStartTimestamp(start * 1000)
            .withTag("span.kind", "server")
            .withTag("http.method", "POST")
            .withTag("http.status_code", 503)
            .withTag("cart.total", 99.5)
            .withTag("cart.gift", true)
            // Past 2^53, and no double.
            .withTag("cart.id", 9007199254740993L)
            .start();
    JaegerSpan query =
        tracer
            .buildSpan("SELECT stock")
            .asChildOf(request)
            .withStartTimestamp((start + 2) * 1000)
            .withTag("span.kind", "client")
            .start();
    query.log((start + 3) * 1000, Map.of("event", "retry", "attempt", 2));
    query.finish((start + 5) * 1000);
    JaegerSpan notify =
        tracer
            .buildSpan("notify")
            .addReference(References.FOLLOWS_FROM, request.context())
            .withStartTimestamp((start + 6) * 1000)
            .start();
    notify.finish((start + 7) * 1000);
    request.setTag("error", true);
    request.finish((start + 9) * 1000);

    tracer.close();
    System.out.printf("{\"traceId\":\"%s\",\"start\":%d}%n", request.context().getTraceId(), start);
  }
}
