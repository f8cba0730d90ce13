package shop;

import brave.Span;
import brave.Tracer;
import brave.Tracing;
import zipkin2.reporter.brave.AsyncZipkinSpanHandler;
import zipkin2.reporter.urlconnection.URLConnectionSender;

/** Where to: ZIPKIN_URL, else http://localhost:9411. */
final class ZipkinBrave {
  public static void main(String[] args) throws Exception {
    String url = System.getenv().getOrDefault("ZIPKIN_URL", "http://localhost:9411");
    AsyncZipkinSpanHandler handler = AsyncZipkinSpanHandler.create(URLConnectionSender.create(url + "/api/v2/spans"));
    Tracing tracing =
        Tracing.newBuilder()
            .localServiceName("shop")
            .localIp("10.0.0.1")
            .localPort(8080)
            .traceId128Bit(true)
            .addSpanHandler(handler)
            .build();
    Tracer tracer = tracing.tracer();
    long start = System.currentTimeMillis();

    Span request = tracer.newTrace().name("post /checkout").kind(Span.Kind.SERVER);
    request.tag("http.method", "POST").tag("cart.size", "42").start();
    Span query = tracer.newChild(request.context()).name("select stock").kind(Span.Kind.CLIENT);
    query.remoteServiceName("stock").remoteIpAndPort("10.0.0.2", 5432);
    Thread.sleep(1);
    query.start().annotate("retry");
    Thread.sleep(1);
    query.finish();
    request.tag("error", "no stock").finish();

    tracing.close();
    // What it has not sent when it is closed is dropped.
    handler.flush();
    handler.close();
    System.out.printf("{\"traceId\":\"%s\",\"start\":%d}%n", request.context().traceIdString(), start);
  }
}
