package shop.samplers;

import io.jaegertracing.internal.samplers.ConstSampler;

/** 1 keeps everything, 0 nothing. */
final class JaegerConst {
  public static void main(String[] args) throws InterruptedException {
    WithJaeger.traffic(new ConstSampler(!"0".equals(System.getenv("JAEGER_SAMPLER_PARAM"))));
  }
}
