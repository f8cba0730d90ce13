package shop.samplers;

import io.jaegertracing.internal.samplers.ProbabilisticSampler;

/** Three of ten traces. */
final class JaegerProbabilistic {
  public static void main(String[] args) throws InterruptedException {
    WithJaeger.traffic(new ProbabilisticSampler(0.3));
  }
}
