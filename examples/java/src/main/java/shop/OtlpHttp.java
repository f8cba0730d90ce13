package shop;

import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;

/** OTLP over HTTP, compressed. Where to: OTLP_ENDPOINT, else http://localhost:4318. */
final class OtlpHttp {
  public static void main(String[] args) {
    String endpoint = System.getenv().getOrDefault("OTLP_ENDPOINT", "http://localhost:4318");
    Checkout.send(
        OtlpHttpSpanExporter.builder().setEndpoint(endpoint + "/v1/traces").setCompression("gzip").build());
  }
}
