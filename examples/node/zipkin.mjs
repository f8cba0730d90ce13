// Where to: ZIPKIN_URL, else http://localhost:9411; version 1 or 2 of the format: ZIPKIN_VERSION, else 2.
import zipkin from "zipkin";
import transport from "zipkin-transport-http";

const { Annotation, BatchRecorder, ExplicitContext, InetAddress, jsonEncoder, Tracer } = zipkin;
const { ZIPKIN_URL = "http://localhost:9411", ZIPKIN_VERSION = "2" } = process.env;
const logger = new transport.HttpLogger({
  endpoint: `${ZIPKIN_URL}/api/v${ZIPKIN_VERSION}/spans`,
  jsonEncoder: jsonEncoder[`JSON_V${ZIPKIN_VERSION}`],
  httpInterval: 100,
});
const tracer = new Tracer({
  ctxImpl: new ExplicitContext(),
  recorder: new BatchRecorder({ logger }),
  localServiceName: "shop",
});

// The server's half of a call, the client's half of another within it.
const start = Date.now();
const id = tracer.createRootId();
tracer.letId(id, () => {
  tracer.recordServiceName("shop");
  tracer.recordRpc("post /checkout");
  tracer.recordBinary("http.method", "POST");
  tracer.recordBinary("cart.size", "42");
  tracer.recordAnnotation(new Annotation.ServerRecv());
  tracer.letId(tracer.createChildId(), () => {
    tracer.recordServiceName("shop");
    tracer.recordRpc("select stock");
    tracer.recordAnnotation(new Annotation.ClientSend());
    tracer.recordAnnotation(
      new Annotation.ServerAddr({ serviceName: "stock", host: new InetAddress("10.0.0.2"), port: 5432 }),
    );
    tracer.recordMessage("retry");
    tracer.recordAnnotation(new Annotation.ClientRecv());
  });
  tracer.recordBinary("error", "no stock");
  tracer.recordAnnotation(new Annotation.ServerSend());
});

// Sent with the next interval.
await new Promise((done) => setTimeout(done, 500));
logger.close?.();
console.log(JSON.stringify({ traceId: id.traceId, start }));
process.exit(0);
