package shop;

import io.opentelemetry.exporter.otlp.trace.OtlpGrpcSpanExporter;

/** OTLP over gRPC. Where to: OTLP_ENDPOINT, else http://localhost:4317. */
final class OtlpGrpc {
  public static void main(String[] args) {
    String endpoint = System.getenv().getOrDefault("OTLP_ENDPOINT", "http://localhost:4317");
    Checkout.send(OtlpGrpcSpanExporter.builder().setEndpoint(endpoint).build());
  }
}
