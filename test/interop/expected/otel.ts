import type { ShownSpan, ShownTrace, Tag } from "../shown.ts";

/** What differs between the languages' SDKs, and between the formats they write. */
interface OtelDialect {
  /** Tags that every span has. */
  readonly scope: Readonly<Record<string, Tag>>;
  readonly process: Readonly<Record<string, Tag>>;
  /** Tags of the request whose types differ. */
  readonly cart: Readonly<Record<string, Tag>>;
  readonly status: Readonly<Record<string, Tag>>;
  readonly statusCode: Tag;
  readonly attempt: Readonly<Record<string, Tag>>;
  readonly exception: Readonly<Record<string, Tag>>;
  /** The log's field that has the event's name. */
  readonly event?: string;
  readonly links: readonly (readonly [string, string])[];
}

/** What checkout.mjs, checkout.py, checkout.go and Checkout.java tell. */
function otelCheckout(dialect: OtelDialect): ShownTrace {
  const { scope, cart, status, attempt, exception, links, event = "event" } = dialect;
  const process: ShownSpan["process"] = { service: "shop", tags: dialect.process };
  return {
    spans: [
      {
        ...{ name: "POST /checkout", at: 0, millis: 9, references: [] },
        tags: {
          ...scope,
          ...cart,
          "http.request.method": ["string", "POST"],
          "http.response.status_code": dialect.statusCode,
          "span.kind": ["string", "server"],
          "otel.status_code": ["string", "ERROR"],
          ...status,
        },
        logs: [{ at: 8, fields: { [event]: ["string", "exception"], ...exception } }],
        process,
      },
      {
        ...{ name: "SELECT stock", at: 2, millis: 3, references: [["CHILD_OF", "POST /checkout"]] },
        tags: { ...scope, "db.system.name": ["string", "postgresql"], "span.kind": ["string", "client"] },
        logs: [{ at: 3, fields: { [event]: ["string", "retry"], ...attempt } }],
        process,
      },
      {
        ...{ name: "notify", at: 6, millis: 1, references: [["CHILD_OF", "POST /checkout"], ...links] },
        tags: { ...scope, "span.kind": ["string", "producer"], "otel.status_code": ["string", "OK"] },
        logs: [],
        process,
      },
    ],
  };
}

const EXCEPTION: OtelDialect["exception"] = {
  "exception.type": ["string", "OutOfStock"],
  "exception.message": ["string", "no pens"],
};

const otlp: OtelDialect = {
  scope: { "otel.scope.name": ["string", "shop.checkout"], "otel.scope.version": ["string", "0.7.0"] },
  process: { "service.version": ["string", "1.2.3"], replicas: ["int64", 3] },
  cart: {
    "cart.total": ["float64", 99.5],
    "cart.gift": ["bool", true],
    "cart.items": ["string", '["book","pen"]'],
    "cart.counts": ["string", "[1,2]"],
  },
  status: { error: ["bool", true], "otel.status_description": ["string", "no stock"] },
  statusCode: ["int64", 503],
  attempt: { attempt: ["int64", 2] },
  exception: EXCEPTION,
  links: [["FOLLOWS_FROM", "SELECT stock"]],
};

/** JavaScript's numbers are doubles, and its SDK takes no bytes. */
export const otlpOfJavaScript = otelCheckout({
  ...otlp,
  cart: { ...otlp.cart, "cart.id": ["int64", "9007199254740994"] },
});

export const otlpOfPython = otelCheckout({
  ...otlp,
  cart: { ...otlp.cart, "cart.id": ["int64", "9007199254740993"], "cart.token": ["binary", "AQL/"] },
});

/** Neither SDK's attributes take bytes. */
export const otlpOfGoAndJava = otelCheckout({
  ...otlp,
  cart: { ...otlp.cart, "cart.id": ["int64", "9007199254740993"] },
});

/** The exporter writes the resource to each span, every number as a double, and lists as JavaScript's strings. */
export const jaegerExporterOfJavaScript = otelCheckout({
  ...otlp,
  scope: {
    "otel.library.name": ["string", "shop.checkout"],
    "otel.library.version": ["string", "0.7.0"],
    "service.name": ["string", "shop"],
    "service.version": ["string", "1.2.3"],
    replicas: ["float64", 3],
  },
  process: {},
  cart: {
    "cart.total": ["float64", 99.5],
    "cart.gift": ["bool", true],
    "cart.items": ["string", "book,pen"],
    "cart.counts": ["string", "1,2"],
    "cart.id": ["float64", 9007199254740994],
  },
  statusCode: ["float64", 503],
  attempt: { attempt: ["float64", 2] },
});

/** The resource is on the spans as well, lists are Python's tuples, bytes are dropped, and an event's name is a message. */
export const jaegerGrpcExporterOfPython = otelCheckout({
  ...otlp,
  scope: {
    ...otlp.scope,
    "otel.library.name": ["string", "shop.checkout"],
    "otel.library.version": ["string", "0.7.0"],
    ...{ "service.name": ["string", "shop"], "service.version": ["string", "1.2.3"], replicas: ["int64", 3] },
  },
  cart: {
    "cart.total": ["float64", 99.5],
    "cart.gift": ["bool", true],
    "cart.items": ["string", "('book', 'pen')"],
    "cart.counts": ["string", "(1, 2)"],
    "cart.id": ["int64", "9007199254740993"],
  },
  event: "message",
});

/** Zipkin has strings only, an annotation is its event's name, and there are no links. */
export const zipkinExporterOfJavaScript = otelCheckout({
  scope: {
    "service.name": ["string", "shop"],
    "service.version": ["string", "1.2.3"],
    replicas: ["string", "3"],
  },
  process: {},
  cart: {
    "cart.total": ["string", "99.5"],
    "cart.gift": ["string", "true"],
    "cart.items": ["string", "book,pen"],
    "cart.counts": ["string", "1,2"],
    "cart.id": ["string", "9007199254740994"],
  },
  // The exporter's own tag, then the status' one.
  status: { error: ["string", "no stock"], "error#2": ["bool", true] },
  statusCode: ["string", "503"],
  attempt: {},
  exception: {},
  links: [],
});
