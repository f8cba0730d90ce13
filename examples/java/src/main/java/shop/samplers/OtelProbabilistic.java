package shop.samplers;

import io.opentelemetry.sdk.trace.samplers.Sampler;

/** Three of ten traces. Without code: OTEL_TRACES_SAMPLER=parentbased_traceidratio, OTEL_TRACES_SAMPLER_ARG=0.3. */
final class OtelProbabilistic {
  public static void main(String[] args) throws InterruptedException {
    WithOtel.traffic(Sampler.parentBased(Sampler.traceIdRatioBased(0.3)));
  }
}
