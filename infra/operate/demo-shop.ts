/** One span as OTLP's JSON has it, and whose it is. */
export interface DemoSpan {
  readonly service: string;
  /** Unix epoch milliseconds, with fractions. */
  readonly endMillis: number;
  readonly json: Readonly<Record<string, unknown>>;
}

type Value = string | number | boolean;
type Attributes = Readonly<Record<string, Value>>;

/** OTLP's span kinds. */
const KINDS = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 } as const;

/** One step of a request: what a service does, and what it has others do meanwhile, one after the other. */
interface Step {
  readonly service: string;
  readonly name: string;
  readonly kind: keyof typeof KINDS;
  /** Of its own, without what it waits for; the median. */
  readonly millis: number;
  readonly attributes?: Attributes;
  /** What goes wrong, and how often. The caller's span fails with it unless it `isOptional`. */
  readonly fails?: { readonly share: number; readonly type: string; readonly message: string };
  readonly isOptional?: boolean;
  /** How often it takes so many times as long. */
  readonly slow?: { readonly share: number; readonly times: number };
  readonly calls?: readonly Step[];
}

const http = (method: string, route: string): Attributes => ({ "http.request.method": method, "http.route": route });

/** A call over the network: the span of whoever calls, and within it that of whoever answers. */
const call = (from: string, { service, name, isOptional, ...rest }: Step): Step => ({
  ...{ service: from, name, kind: "client", millis: 1 },
  attributes: { "rpc.system": "grpc", "server.address": service },
  ...(isOptional === true && { isOptional }),
  calls: [{ ...rest, service, name, kind: "server" }],
});

const query = (service: string, table: string, millis: number): Step => ({
  ...{ service, name: `SELECT ${table}`, kind: "client", millis },
  attributes: { "db.system.name": "postgresql", "db.collection.name": table, "db.operation.name": "SELECT" },
  slow: { share: 0.01, times: 20 },
});

const server = (service: string, name: string, millis: number, calls: readonly Step[] = []): Step => ({
  ...{ service, name, kind: "server", millis, calls },
});

const product = (from: string): Step =>
  call(
    from,
    server("product-catalog", "oteldemo.ProductCatalogService/GetProduct", 2, [
      query("product-catalog", "products", 3),
    ]),
  );

const convert = (from: string): Step => call(from, server("currency", "oteldemo.CurrencyService/Convert", 1));

const ads: Step = {
  ...server("ad", "oteldemo.AdService/GetAds", 4),
  fails: { share: 0.03, type: "UNAVAILABLE", message: "no ad for this context" },
  isOptional: true,
};

const recommendations = call("frontend", {
  ...server("recommendation", "oteldemo.RecommendationService/ListRecommendations", 6, [product("recommendation")]),
  // The slow path: its cache is filled anew.
  slow: { share: 0.04, times: 250 },
});

const cart = (method: string): Step =>
  call("frontend", {
    ...server("cart", `oteldemo.CartService/${method}`, 2),
    calls: [
      { ...{ service: "cart", name: "HGETALL", kind: "client", millis: 1 }, attributes: { "db.system.name": "redis" } },
    ],
  });

const placeOrder: Step = server("checkout", "oteldemo.CheckoutService/PlaceOrder", 8, [
  {
    service: "checkout",
    name: "prepareOrderItems",
    kind: "internal",
    millis: 2,
    calls: [product("checkout"), convert("checkout")],
  },
  call("checkout", server("shipping", "POST /get-quote", 3, [call("shipping", server("quote", "POST /getquote", 6))])),
  call("checkout", {
    ...server("payment", "oteldemo.PaymentService/Charge", 25),
    attributes: { "app.payment.card_type": "visa" },
    fails: { share: 0.06, type: "CardDeclined", message: "the card was declined: expired" },
  }),
  call("checkout", server("shipping", "POST /ship-order", 5)),
  call("checkout", {
    ...server("email", "POST /send_order_confirmation", 15),
    fails: { share: 0.02, type: "SMTPServerBusy", message: "451 try again later" },
    isOptional: true,
  }),
  {
    ...{ service: "checkout", name: "publish orders", kind: "producer", millis: 1 },
    attributes: { "messaging.system": "kafka", "messaging.destination.name": "orders" },
    calls: [
      {
        service: "accounting",
        name: "process orders",
        kind: "consumer",
        millis: 9,
        calls: [query("accounting", "orders", 4)],
      },
    ],
  },
]);

/** What people do in the shop, and how often of a hundred. */
const VISITS: readonly (readonly [share: number, step: Step])[] = [
  [
    40,
    {
      ...server("frontend", "GET /api/products/{id}", 5, [
        product("frontend"),
        convert("frontend"),
        call("frontend", ads),
      ]),
      attributes: http("GET", "/api/products/{id}"),
    },
  ],
  [
    25,
    {
      ...server("frontend", "GET /api/recommendations", 4, [recommendations]),
      attributes: http("GET", "/api/recommendations"),
    },
  ],
  [
    20,
    {
      ...server("frontend", "POST /api/cart", 4, [product("frontend"), cart("AddItem")]),
      attributes: http("POST", "/api/cart"),
    },
  ],
  [
    15,
    {
      ...server("frontend", "POST /api/checkout", 6, [cart("GetCart"), call("frontend", placeOrder)]),
      attributes: http("POST", "/api/checkout"),
    },
  ],
];

interface Walk {
  readonly random: () => number;
  readonly traceId: string;
  readonly user: string;
  readonly spans: DemoSpan[];
}

/** One visit of the shop, begun at that time: a trace of up to 25 spans of up to 12 services. @param random in [0, 1) */
export function demoTrace(startMillis: number, random: () => number): readonly DemoSpan[] {
  const walk: Walk = { random, traceId: hex(random, 16), user: `user-${Math.floor(random() * 500)}`, spans: [] };
  take(visit(random), undefined, startMillis, walk);
  return walk.spans;
}

function visit(random: () => number): Step {
  let left = random() * VISITS.reduce((sum, [share]) => sum + share, 0);
  for (const [share, step] of VISITS) {
    left -= share;
    if (left < 0) return step;
  }
  throw new Error("shares are above 0");
}

/** What a span does is before, between and after what it waits for. */
function take(step: Step, parent: string | undefined, start: number, walk: Walk): { end: number; isFailed: boolean } {
  const { random, traceId, spans } = walk;
  const spanId = hex(random, 8);
  const { share = 0, times = 1 } = step.slow ?? {};
  // About log-normal: most near the median, some far above.
  const own = step.millis * Math.exp((random() + random() + random() - 1.5) * 0.8) * (random() < share ? times : 1);
  const isAtFault = step.fails !== undefined && random() < step.fails.share;
  let at = start + own / 2;
  let isFailed = isAtFault;
  for (const next of isAtFault ? [] : (step.calls ?? [])) {
    const done = take(next, spanId, at, walk);
    at = done.end;
    if (!done.isFailed || next.isOptional === true) continue;
    isFailed = true;
    break;
  }
  const end = at + own / 2;
  spans.push({
    service: step.service,
    endMillis: end,
    json: {
      ...{ traceId, spanId, ...(parent !== undefined && { parentSpanId: parent }) },
      ...{ name: step.name, kind: KINDS[step.kind], startTimeUnixNano: nanos(start), endTimeUnixNano: nanos(end) },
      attributes: attributesOf({ ...step.attributes, ...statusOf(step, isFailed), "app.user.id": walk.user }),
      ...(isFailed && { status: { code: 2, ...(isAtFault && { message: step.fails?.message }) } }),
      ...(isAtFault && { events: [exception(step, end)] }),
    },
  });
  return { end, isFailed };
}

const statusOf = ({ attributes }: Step, isFailed: boolean): Attributes =>
  attributes?.["http.route"] === undefined ? {} : { "http.response.status_code": isFailed ? 500 : 200 };

const exception = ({ fails }: Step, millis: number) => ({
  timeUnixNano: nanos(millis),
  name: "exception",
  attributes: attributesOf({ "exception.type": fails?.type ?? "", "exception.message": fails?.message ?? "" }),
});

/** The spans as one OTLP request in JSON, a resource a service. */
export const demoRequest = (spans: readonly DemoSpan[]): string =>
  JSON.stringify({
    resourceSpans: [...Map.groupBy(spans, ({ service }) => service)].map(([service, own]) => ({
      resource: { attributes: attributesOf({ "service.name": service, "service.namespace": "demo-shop" }) },
      scopeSpans: [{ scope: { name: "demo-shop" }, spans: own.map(({ json }) => json) }],
    })),
  });

const attributesOf = (attributes: Attributes) =>
  Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }));

function anyValue(value: Value) {
  if (typeof value === "string") return { stringValue: value };
  return typeof value === "boolean" ? { boolValue: value } : { intValue: String(value) };
}

/** Milliseconds with fractions as whole microseconds, in nanoseconds. */
const nanos = (millis: number): string => `${BigInt(Math.round(millis * 1000)) * 1000n}`;

/** Never all zero. */
function hex(random: () => number, bytes: number): string {
  const digits = Array.from({ length: bytes * 2 }, () => Math.floor(random() * 16).toString(16)).join("");
  return /^0+$/.test(digits) ? hex(random, bytes) : digits;
}
