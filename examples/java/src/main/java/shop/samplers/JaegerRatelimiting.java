package shop.samplers;

import io.jaegertracing.internal.samplers.RateLimitingSampler;

/** Two traces a second. */
final class JaegerRatelimiting {
  public static void main(String[] args) throws InterruptedException {
    WithJaeger.traffic(new RateLimitingSampler(2));
  }
}
