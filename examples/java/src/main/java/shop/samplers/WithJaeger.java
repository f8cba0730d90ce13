package shop.samplers;

import io.jaegertracing.Configuration.ReporterConfiguration;
import io.jaegertracing.internal.JaegerSpan;
import io.jaegertracing.internal.JaegerTracer;
import io.jaegertracing.spi.Sampler;

/** What the programs with Jaeger's client have in common. */
final class WithJaeger {
  /** JAEGER_SERVICE_NAME, else shop. */
  static final String SERVICE = System.getenv().getOrDefault("JAEGER_SERVICE_NAME", "shop");

  private WithJaeger() {}

  /** Traffic with this sampler. JAEGER_AGENT_HOST and JAEGER_AGENT_PORT are the client's own. */
  static void traffic(Sampler sampler) throws InterruptedException {
    ReporterConfiguration reporter = ReporterConfiguration.fromEnv().withMaxQueueSize(2000).withFlushInterval(200);
    io.jaegertracing.Configuration configuration =
        new io.jaegertracing.Configuration(SERVICE).withReporter(reporter);
    try (JaegerTracer tracer = configuration.getTracerBuilder().withSampler(sampler).build()) {
      Traffic.run(
          () -> {
            JaegerSpan span = tracer.buildSpan("GET /cart").start();
            span.finish();
            return span.context().isSampled();
          });
    }
  }
}
