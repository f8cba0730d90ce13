package shop.samplers;

import io.jaegertracing.internal.samplers.HttpSamplingManager;
import io.jaegertracing.internal.samplers.ProbabilisticSampler;
import io.jaegertracing.internal.samplers.RemoteControlledSampler;

/** What the server's file of strategies says of this service, asked for every second. */
final class JaegerRemote {
  public static void main(String[] args) throws InterruptedException {
    String manager = System.getenv().getOrDefault("JAEGER_SAMPLER_MANAGER_HOST_PORT", "localhost:5778");
    WithJaeger.traffic(
        new RemoteControlledSampler.Builder(WithJaeger.SERVICE)
            .withSamplingManager(new HttpSamplingManager(manager))
            .withInitialSampler(new ProbabilisticSampler(0.001))
            .withPollingInterval(1000)
            .build());
  }
}
