/**
 * Writes what real clients put on the wire into this folder. They are no dependencies of ours:
 *
 *   mkdir /tmp/clients && cd /tmp/clients && npm init -y
 *   npm i jaeger-client@3.19.0 zipkin@0.22.0 zipkin-transport-http@0.22.0 @opentelemetry/sdk-trace-base@2.12.1 \
 *     @opentelemetry/exporter-jaeger@2.11.0 @opentelemetry/exporter-zipkin@2.12.1 @opentelemetry/resources@2.12.1 @opentelemetry/api@1.9.1
 *   node test/golden/doors/make.ts /tmp/clients
 */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

const need = createRequire(join(resolve(process.argv[2] ?? "."), "index.js"));
/** Clients say which host they run on. */
Object.assign(need("os"), { hostname: () => "host.example", networkInterfaces: () => ({}) });

const keep = (name: string, bytes: Uint8Array) => writeFileSync(join(import.meta.dirname, name), bytes);

const socket = createSocket("udp4").bind(0, "127.0.0.1");
await once(socket, "listening");
const datagrams: Buffer[] = [];
socket.on("message", (bytes) => datagrams.push(bytes));

const bodies: Buffer[] = [];
const server = createServer(async (request, answer) => {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece);
  bodies.push(Buffer.concat(pieces));
  answer.writeHead(202).end();
}).listen(0, "127.0.0.1");
await once(server, "listening");
const address = server.address();
const http = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;

async function arrived(where: Buffer[], name: string): Promise<void> {
  for (let tries = 0; where.length === 0; tries++) {
    if (tries > 100) throw new Error(`${name}: nothing came`);
    await new Promise((done) => setTimeout(done, 50));
  }
  keep(name, where.shift() ?? Buffer.alloc(0));
  where.length = 0;
}

/** A parent with every type of tag that OpenTracing has, a log and an error, and a child that follows from it. */
async function jaegerClient(name: string, reporter: object, where: Buffer[]): Promise<void> {
  const { initTracer, opentracing } = need("jaeger-client");
  const options = {
    tags: { "app.version": "1.2.3" },
    logger: { info() {}, error: console.error },
    traceId128bit: true,
  };
  const tracer = initTracer({ serviceName: "golden-jaeger", sampler: { type: "const", param: 1 }, reporter }, options);
  const parent = tracer.startSpan("parent", {
    startTime: 1_790_000_000_000,
    tags: {
      "span.kind": "server",
      "http.method": "GET",
      whole: 42,
      half: 0.5,
      yes: true,
      bytes: Buffer.from([1, 2, 255]),
    },
  });
  parent.log({ event: "retry", attempt: 2 }, 1_790_000_000_001);
  parent.setTag("error", true);
  const child = tracer.startSpan("child", {
    startTime: 1_790_000_000_002,
    references: [opentracing.followsFrom(parent.context())],
  });
  child.finish(1_790_000_000_003);
  parent.finish(1_790_000_000_004);
  await new Promise((done) => tracer.close(done));
  await arrived(where, name);
}

function openTelemetry() {
  const { BasicTracerProvider, SimpleSpanProcessor, InMemorySpanExporter } = need("@opentelemetry/sdk-trace-base");
  const { resourceFromAttributes } = need("@opentelemetry/resources");
  const { ROOT_CONTEXT, trace } = need("@opentelemetry/api");
  const memory = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ "service.name": "golden-otel" }),
    spanProcessors: [new SimpleSpanProcessor(memory)],
  });
  const tracer = provider.getTracer("io.golden", "7.1");
  const at = (millis: number) => new Date(1_790_000_000_000 + millis);
  const parent = tracer.startSpan("GET /cart", {
    kind: 2,
    startTime: at(0),
    attributes: { "http.request.method": "GET", "http.response.status_code": 500, list: ["a", "b"] },
  });
  parent.addEvent("exception", { "exception.type": "Timeout" }, at(1));
  parent.setStatus({ code: 2, message: "no stock" });
  const child = tracer.startSpan(
    "query",
    { kind: 1, startTime: at(2), attributes: { "net.peer.name": "db" } },
    trace.setSpan(ROOT_CONTEXT, parent),
  );
  child.end(at(3));
  parent.end(at(4));
  return memory.getFinishedSpans();
}

async function exported(
  name: string,
  exporter: { export(spans: object, done: (value: unknown) => void): void; shutdown(): Promise<void> },
  where: Buffer[],
) {
  await new Promise((done) => exporter.export(openTelemetry(), done));
  await exporter.shutdown();
  await arrived(where, name);
}

async function zipkinClient(name: string, version: "JSON_V1" | "JSON_V2"): Promise<void> {
  const { Annotation, BatchRecorder, ExplicitContext, InetAddress, jsonEncoder, Tracer } = need("zipkin");
  const { HttpLogger } = need("zipkin-transport-http");
  const logger = new HttpLogger({
    ...{ endpoint: `${http}/api/spans`, httpInterval: 50, jsonEncoder: jsonEncoder[version] },
  });
  const tracer = new Tracer({
    ctxImpl: new ExplicitContext(),
    recorder: new BatchRecorder({ logger }),
    localServiceName: "golden-zipkin",
  });
  tracer.local("outer", () => {
    const id = tracer.createChildId();
    tracer.letId(id, () => {
      tracer.recordServiceName("golden-zipkin");
      tracer.recordRpc("GET");
      tracer.recordBinary("http.path", "/cart");
      tracer.recordAnnotation(new Annotation.ClientSend());
      tracer.recordAnnotation(
        new Annotation.ServerAddr({ serviceName: "stock", host: new InetAddress("10.0.0.2"), port: 8080 }),
      );
      tracer.recordMessage("retry");
      tracer.recordAnnotation(new Annotation.ClientRecv());
    });
  });
  await arrived(bodies, name);
}

const { port } = socket.address();
await jaegerClient(
  "jaeger-client-udp.thrift",
  { agentHost: "127.0.0.1", agentPort: port, flushIntervalMs: 100 },
  datagrams,
);
await jaegerClient(
  "jaeger-client-http.thrift",
  { collectorEndpoint: `${http}/api/traces`, flushIntervalMs: 100 },
  bodies,
);
const { JaegerExporter } = need("@opentelemetry/exporter-jaeger");
await exported("otel-jaeger-udp.thrift", new JaegerExporter({ host: "127.0.0.1", port }), datagrams);
const { ZipkinExporter } = need("@opentelemetry/exporter-zipkin");
await exported("otel-zipkin.json", new ZipkinExporter({ url: `${http}/api/v2/spans` }), bodies);
await zipkinClient("zipkin-v1.json", "JSON_V1");
await zipkinClient("zipkin-v2.json", "JSON_V2");
socket.close();
server.closeAllConnections();
server.close();
process.exit(0);
