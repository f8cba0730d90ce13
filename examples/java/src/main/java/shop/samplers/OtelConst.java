package shop.samplers;

import io.opentelemetry.sdk.trace.samplers.Sampler;

/** Without code: OTEL_TRACES_SAMPLER=always_on or always_off. */
final class OtelConst {
  public static void main(String[] args) throws InterruptedException {
    WithOtel.traffic("0".equals(System.getenv("KEEP")) ? Sampler.alwaysOff() : Sampler.alwaysOn());
  }
}
