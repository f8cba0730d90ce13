/**
 * Traffic of a shop with twelve services, as OpenTelemetry SDKs send it: traces are trees of calls, every service keeps
 * its finished spans for up to five seconds and then exports them in one request, so the spans of a trace arrive apart.
 * Plain objects, and their OTLP bytes made by protobufjs: nothing here is shared with the code under test.
 */
import { opentelemetry } from "../../proto/gen/index.js";
import { Random } from "./random.ts";

const { ExportTraceServiceRequest } = opentelemetry.proto.collector.trace.v1;

type Value = string | boolean | number | bigint;

export interface TrafficSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly service: number;
  readonly name: string;
  readonly kind: number;
  readonly startNanos: bigint;
  readonly endNanos: bigint;
  /** A bigint is an int, a number a double. */
  readonly attributes: readonly (readonly [string, Value])[];
  readonly events: readonly {
    readonly timeNanos: bigint;
    readonly name: string;
    readonly attributes: readonly (readonly [string, Value])[];
  }[];
  readonly status: number;
}

export interface Request {
  /** When the service sends it; milliseconds since the epoch. */
  readonly atMillis: number;
  readonly spans: readonly TrafficSpan[];
  /** ExportTraceServiceRequest. */
  readonly bytes: Uint8Array;
}

export interface Traffic {
  readonly seed: number;
  readonly traces: number;
  readonly spansPerTrace: number;
  /** Traces start evenly over this time. */
  readonly startMillis: number;
  readonly spreadMillis: number;
  /** Share of attribute bytes that are random hex on top of the ordinary ones, 0 to 1. */
  readonly randomShare?: number;
  /** How long a service keeps finished spans before it sends them. */
  readonly flushMillis?: number;
}

const SERVICES = [
  ...["frontend", "checkout", "cart", "catalog", "currency", "payment"],
  ...["shipping", "email", "recommendation", "ad", "quote", "accounting"],
] as const;

const ROUTES = [
  "/api/products/{id}",
  "/api/cart",
  "/api/checkout",
  "/api/recommendations",
  "/api/shipping/quote",
  "/api/currency",
];
const TABLES = ["products", "carts", "orders", "payments", "customers", "shipments"];
const AGENTS = [
  "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
  "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.1 Mobile",
  "python-requests/2.32.3",
];

/** One trace after the other, each as its spans in the order in which they started. */
export function* traces(traffic: Traffic): Generator<TrafficSpan[]> {
  const random = new Random(traffic.seed);
  for (let i = 0; i < traffic.traces; i++) {
    const startMillis = traffic.startMillis + (i / traffic.traces) * traffic.spreadMillis;
    yield oneTrace(random, BigInt(Math.floor(startMillis * 1000)) * 1000n, traffic);
  }
}

/** The requests in which the traces' spans arrive, in the order of arrival. */
export function requests(traffic: Traffic): Request[] {
  const random = new Random(traffic.seed ^ 0x5eed);
  const flush = traffic.flushMillis ?? 5000;
  const phases = SERVICES.map(() => random.below(flush));
  const due = new Map<string, { atMillis: number; spans: TrafficSpan[] }>();
  for (const trace of traces(traffic)) {
    for (const span of trace) {
      const phase = phases[span.service] as number;
      const endMillis = Number(span.endNanos / 1_000_000n);
      const atMillis = Math.ceil((endMillis - phase) / flush) * flush + phase;
      const key = `${atMillis}/${span.service}`;
      const request = due.get(key) ?? { atMillis, spans: [] };
      due.set(key, request);
      request.spans.push(span);
    }
  }
  return [...due.values()]
    .sort((a, b) => a.atMillis - b.atMillis)
    .flatMap(({ atMillis, spans }) =>
      // An SDK's batch processor sends 512 spans at a time, and what is left when its timer fires.
      Array.from({ length: Math.ceil(spans.length / 512) }, (_, n) => spans.slice(n * 512, (n + 1) * 512)).map(
        (part) => ({
          atMillis,
          spans: part,
          bytes: encodeRequest(part),
        }),
      ),
    );
}

function oneTrace(random: Random, start: bigint, traffic: Traffic): TrafficSpan[] {
  const traceId = random.hex(16);
  const userId = random.below(50_000);
  const orderId = `${random.hex(4)}-${random.hex(2)}-${random.hex(2)}-${random.hex(6)}`;
  const spans: TrafficSpan[] = [];
  // Spread around the mean, as traces are.
  const size = Math.max(1, Math.round(traffic.spansPerTrace * (0.6 + 0.8 * random.fraction())));
  const open: { id: string; service: number; start: bigint; micros: number; isCall: boolean }[] = [];
  while (spans.length < size) {
    const parent = open.length === 0 ? undefined : random.pick(open);
    const micros =
      parent === undefined ? random.logNormal(80_000, 0.7) : parent.micros * (0.2 + 0.7 * random.fraction());
    const from =
      parent === undefined
        ? start
        : parent.start + BigInt(Math.floor((parent.micros - micros) * random.fraction() * 1000));
    const call = callOf(random, parent);
    const id = random.hex(8);
    const isError = random.chance(0.02);
    const end = from + BigInt(Math.max(1, Math.floor(micros * 1000)));
    spans.push({
      traceId,
      spanId: id,
      parentSpanId: parent?.id,
      ...call,
      startNanos: from,
      endNanos: end,
      attributes: [
        ...call.attributes,
        ...(isError ? ([["error.type", "java.net.SocketTimeoutException"]] as const) : []),
        ...(random.chance(0.3) ? ([["app.user.id", `user-${userId}`]] as const) : []),
        ...(random.chance(0.15) ? ([["app.order.id", orderId]] as const) : []),
        ...noise(random, traffic.randomShare ?? 0),
      ],
      events: isError ? [exception(from + BigInt(Math.floor(micros * 500)))] : [],
      status: isError ? 2 : 0,
    });
    open.push({ id, service: call.service, start: from, micros, isCall: call.kind === 3 });
  }
  return spans.sort((a, b) => (a.startNanos < b.startNanos ? -1 : a.startNanos > b.startNanos ? 1 : 0));
}

const exception = (timeNanos: bigint) => ({
  timeNanos,
  name: "exception",
  attributes: [
    ["exception.type", "java.net.SocketTimeoutException"],
    ["exception.message", "Read timed out after 2000 ms"],
    [
      "exception.stacktrace",
      "at shop.Client.call(Client.java:117)\n  at shop.Checkout.place(Checkout.java:64)\n  at shop.Main.run(Main.java:21)",
    ],
  ] as const,
});

interface Call {
  readonly service: number;
  readonly name: string;
  readonly kind: number;
  readonly attributes: readonly (readonly [string, Value])[];
}

function callOf(random: Random, parent: { service: number; isCall: boolean } | undefined): Call {
  if (parent === undefined) return serverCall(random, 0);
  if (parent.isCall) return serverCall(random, random.below(SERVICES.length));
  const share = random.fraction();
  if (share < 0.35) return clientCall(random, parent.service);
  return share < 0.65 ? databaseCall(random, parent.service) : internalCall(random, parent.service);
}

function serverCall(random: Random, service: number): Call {
  const route = random.pick(ROUTES);
  return {
    service,
    name: `${route === "/api/checkout" ? "POST" : "GET"} ${route}`,
    kind: 2,
    attributes: [
      ["http.request.method", route === "/api/checkout" ? "POST" : "GET"],
      ["http.route", route],
      ["url.path", route.replace("{id}", `${random.below(5000)}`)],
      ["url.scheme", "http"],
      ["http.response.status_code", random.chance(0.96) ? 200n : random.pick([404n, 500n, 503n])],
      ["server.address", `${SERVICES[service]}.shop.svc.cluster.local`],
      ["server.port", 8080n],
      ["client.address", `10.${random.below(4)}.${random.below(256)}.${random.below(256)}`],
      ["user_agent.original", random.pick(AGENTS)],
      ["network.protocol.version", "1.1"],
      ["network.peer.port", BigInt(32768 + random.below(28000))],
      ["network.peer.address", `10.${random.below(4)}.7.${random.below(256)}`],
      ["http.request.body.size", BigInt(random.below(2000))],
    ],
  };
}

function clientCall(random: Random, service: number): Call {
  const peer = random.pick(SERVICES);
  const id = random.below(5000);
  return {
    service,
    name: "GET",
    kind: 3,
    attributes: [
      ["http.request.method", "GET"],
      ["url.full", `http://${peer}.shop.svc.cluster.local:8080/api/products/${id}?currency=EUR`],
      ["server.address", `${peer}.shop.svc.cluster.local`],
      ["server.port", 8080n],
      ["http.response.status_code", random.chance(0.97) ? 200n : 503n],
      ["network.protocol.version", "1.1"],
      ["http.request.resend_count", BigInt(random.below(3))],
      ["http.response.body.size", BigInt(random.below(20_000))],
      ["network.peer.address", `10.${random.below(4)}.9.${random.below(12)}`],
      ["network.peer.port", 8080n],
      ["thread.id", BigInt(20 + random.below(64))],
      ["thread.name", `http-nio-8080-exec-${random.below(64)}`],
    ],
  };
}

function databaseCall(random: Random, service: number): Call {
  const table = random.pick(TABLES);
  return {
    service,
    name: `SELECT shop.${table}`,
    kind: 3,
    attributes: [
      ["db.system.name", "postgresql"],
      ["db.namespace", "shop"],
      ["db.collection.name", table],
      ["db.operation.name", "SELECT"],
      [
        "db.query.text",
        `SELECT id, name, price, currency, updated_at FROM ${table} WHERE customer_id = ? AND state = ? ORDER BY updated_at DESC LIMIT 50`,
      ],
      ["db.response.returned_rows", BigInt(random.below(50))],
      ["server.address", `pg-${random.below(3)}.db.internal`],
      ["server.port", 5432n],
      ["db.client.connection.pool.name", `jdbc:postgresql://pg/${table}`],
      ["thread.id", BigInt(20 + random.below(64))],
    ],
  };
}

function internalCall(random: Random, service: number): Call {
  const name = random.pick(["renderTemplate", "validateCart", "priceItems", "serialize", "authorize"]);
  return {
    service,
    name,
    kind: 1,
    attributes: [
      ["code.function.name", `shop.${SERVICES[service]}.${name}`],
      ["code.file.path", `/app/src/main/java/shop/${SERVICES[service]}/${name}.java`],
      ["code.line.number", BigInt(random.below(400))],
      [
        "code.stacktrace.top",
        `shop.${SERVICES[service]}.${name}(${name}.java:88) at shop.framework.Dispatcher.dispatch(Dispatcher.java:412)`,
      ],
      ["app.items.count", BigInt(random.below(30))],
      ["app.feature.flag", random.pick(["checkout-v2:on", "checkout-v2:off"])],
      ["app.cache.hit", random.chance(0.7)],
      ["app.score", Math.round(random.fraction() * 1e6) / 1e6],
      ["thread.name", `worker-${random.below(16)}`],
    ],
  };
}

/** About 400 bytes of a span's 560 are attributes. */
const noise = (random: Random, share: number): (readonly [string, Value])[] =>
  share === 0 ? [] : [["app.blob", random.hex(Math.round((400 * share) / (1 - share) / 2))]];

const anyValue = (value: Value) =>
  typeof value === "string"
    ? { stringValue: value }
    : typeof value === "boolean"
      ? { boolValue: value }
      : typeof value === "bigint"
        ? { intValue: Number(value) }
        : { doubleValue: value };

const keyValues = (attributes: readonly (readonly [string, Value])[]) =>
  attributes.map(([key, value]) => ({ key, value: anyValue(value) }));

const resourceOf = (service: number) => {
  const name = SERVICES[service] as string;
  return {
    attributes: keyValues([
      ["service.name", name],
      ["service.version", `2.${service}.1`],
      ["service.namespace", "shop"],
      ["deployment.environment.name", "production"],
      ["host.name", `ip-10-0-${service}-17.ec2.internal`],
      ["k8s.pod.name", `${name}-6c9f7d9b54-${(service * 7919 + 12345).toString(36)}`],
      ["k8s.namespace.name", "shop"],
      ["k8s.node.name", `ip-10-0-${service}-17`],
      ["process.pid", BigInt(1000 + service)],
      ["telemetry.sdk.name", "opentelemetry"],
      ["telemetry.sdk.language", "java"],
      ["telemetry.sdk.version", "1.63.0"],
    ]),
  };
};

const toProtobuf = (span: TrafficSpan) => ({
  traceId: Buffer.from(span.traceId, "hex"),
  spanId: Buffer.from(span.spanId, "hex"),
  ...(span.parentSpanId === undefined ? {} : { parentSpanId: Buffer.from(span.parentSpanId, "hex") }),
  name: span.name,
  kind: span.kind,
  startTimeUnixNano: fixed64(span.startNanos),
  endTimeUnixNano: fixed64(span.endNanos),
  attributes: keyValues(span.attributes),
  events: span.events.map((event) => ({
    timeUnixNano: fixed64(event.timeNanos),
    name: event.name,
    attributes: keyValues(event.attributes),
  })),
  status: { code: span.status },
  flags: 257,
});

const fixed64 = (nanos: bigint) => ({
  low: Number(BigInt.asIntN(32, nanos)),
  high: Number(BigInt.asIntN(32, nanos >> 32n)),
  unsigned: true,
});

/** The spans as one request, a ResourceSpans a service. */
export function encodeRequest(spans: readonly TrafficSpan[]): Uint8Array {
  const byService = Map.groupBy(spans, (span) => span.service);
  return ExportTraceServiceRequest.encode({
    resourceSpans: [...byService].map(([service, own]) => ({
      resource: resourceOf(service),
      scopeSpans: [{ scope: { name: "io.opentelemetry.shop", version: "2.20.1-alpha" }, spans: own.map(toProtobuf) }],
    })),
  } as never).finish();
}
