package shop.samplers;

import io.opentelemetry.sdk.extension.trace.jaeger.sampler.JaegerRemoteSampler;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import java.time.Duration;

/** What the server's file of strategies says of this service, asked for over gRPC every second. */
final class OtelRemote {
  public static void main(String[] args) throws InterruptedException {
    String endpoint = System.getenv().getOrDefault("SAMPLING_GRPC_ENDPOINT", "http://localhost:14250");
    WithOtel.traffic(
        JaegerRemoteSampler.builder()
            .setServiceName(WithOtel.SERVICE)
            .setEndpoint(endpoint)
            .setInitialSampler(Sampler.alwaysOff())
            .setPollingInterval(Duration.ofSeconds(1))
            .build());
  }
}
