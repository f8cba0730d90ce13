package shop.samplers;

import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.trace.data.LinkData;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import io.opentelemetry.sdk.trace.samplers.SamplingResult;
import java.util.List;

/** A token bucket: the SDK has none of its own. */
final class OtelRatelimiting implements Sampler {
  private final double perSecond;
  private double tokens;
  private long at = System.nanoTime();

  private OtelRatelimiting(double perSecond) {
    this.perSecond = perSecond;
    this.tokens = perSecond;
  }

  /** Two traces a second. */
  public static void main(String[] args) throws InterruptedException {
    WithOtel.traffic(Sampler.parentBased(new OtelRatelimiting(2)));
  }

  @Override
  public synchronized SamplingResult shouldSample(
      Context parent, String traceId, String name, SpanKind kind, Attributes attributes, List<LinkData> links) {
    long now = System.nanoTime();
    tokens = Math.min(perSecond, tokens + (now - at) / 1e9 * perSecond);
    at = now;
    if (tokens < 1) return SamplingResult.drop();
    tokens--;
    return SamplingResult.recordAndSample();
  }

  @Override
  public String getDescription() {
    return "RateLimiting{" + perSecond + "}";
  }
}
