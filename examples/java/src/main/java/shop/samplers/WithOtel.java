package shop.samplers;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import java.util.concurrent.TimeUnit;

/** What the programs with OpenTelemetry have in common. */
final class WithOtel {
  /** OTEL_SERVICE_NAME, else shop. */
  static final String SERVICE = System.getenv().getOrDefault("OTEL_SERVICE_NAME", "shop");

  private WithOtel() {}

  /** Traffic with this sampler. Where to: OTLP_ENDPOINT, else http://localhost:4318. */
  static void traffic(Sampler sampler) throws InterruptedException {
    String endpoint = System.getenv().getOrDefault("OTLP_ENDPOINT", "http://localhost:4318");
    OtlpHttpSpanExporter exporter = OtlpHttpSpanExporter.builder().setEndpoint(endpoint + "/v1/traces").build();
    SdkTracerProvider provider =
        SdkTracerProvider.builder()
            .setResource(Resource.create(Attributes.builder().put("service.name", SERVICE).build()))
            .setSampler(sampler)
            .addSpanProcessor(BatchSpanProcessor.builder(exporter).build())
            .build();
    Tracer tracer = provider.get("shop");
    Traffic.run(
        () -> {
          Span span = tracer.spanBuilder("GET /cart").setNoParent().startSpan();
          span.end();
          return span.getSpanContext().isSampled();
        });
    provider.shutdown().join(10, TimeUnit.SECONDS);
    // The remote sampler's thread would keep the program.
    System.exit(0);
  }
}
