import type { ShownTrace, Tag } from "../shown.ts";

interface JaegerDialect {
  /** Tags of the request that the languages tell differently. */
  readonly cart: Readonly<Record<string, Tag>>;
  readonly attempt: Tag;
  readonly query: Readonly<Record<string, Tag>>;
  readonly process: Readonly<Record<string, Tag>>;
  readonly sampler?: Readonly<Record<string, Tag>>;
}

const SAMPLER = { "sampler.type": ["string", "const"], "sampler.param": ["bool", true] } as const;

/** What the programs with a client of Jaeger's own tell. */
function checkout({ cart, attempt, query, process: tags, sampler = SAMPLER }: JaegerDialect): ShownTrace {
  const process = { service: "shop", tags };
  return {
    spans: [
      {
        ...{ name: "POST /checkout", at: 0, millis: 9, references: [] },
        tags: {
          ...sampler,
          "http.method": ["string", "POST"],
          "cart.total": ["float64", 99.5],
          "cart.gift": ["bool", true],
          ...cart,
          "span.kind": ["string", "server"],
          error: ["bool", true],
          "otel.status_code": ["string", "ERROR"],
        },
        logs: [],
        process,
      },
      {
        ...{ name: "SELECT stock", at: 2, millis: 3, references: [["CHILD_OF", "POST /checkout"]] },
        tags: { ...query, "span.kind": ["string", "client"] },
        logs: [{ at: 3, fields: { event: ["string", "retry"], attempt } }],
        process,
      },
      {
        ...{ name: "notify", at: 6, millis: 1, references: [["FOLLOWS_FROM", "POST /checkout"]] },
        ...{ tags: {}, logs: [], process },
      },
    ],
  };
}

/** Where the client says which machine it runs on, and its version. */
const process = (version: string): JaegerDialect["process"] => ({
  "host.name": ["string", "own"],
  ip: ["string", "own"],
  "opencensus.exporterversion": ["string", version],
  "shop.version": ["string", "1.2.3"],
});

export const jaegerClientOfNode = checkout({
  cart: { "cart.size": ["float64", 42], "cart.token": ["binary", "AQL/"] },
  attempt: ["float64", 2],
  query: { "db.type": ["string", "sql"] },
  process: { ...process("Jaeger-Node-3.19.0"), "client-uuid": ["string", "own"] },
});

/** A list is written as Python prints it. */
export const jaegerClientOfPython = checkout({
  cart: {
    "http.status_code": ["int64", 503],
    "cart.id": ["int64", "9007199254740993"],
    "cart.items": ["string", "['book', 'pen']"],
  },
  attempt: ["int64", 2],
  query: {},
  process: process("Jaeger-Python-4.8.0"),
});

/** The sampler's tags are lost to those that a span is started with (its tracer.go makes room for these anew). */
export const jaegerClientOfGo = checkout({
  sampler: {},
  cart: {
    "http.status_code": ["int64", 503],
    "cart.id": ["int64", "9007199254740993"],
    "cart.token": ["binary", "AQL/"],
  },
  attempt: ["int64", 2],
  query: {},
  process: { ...process("Jaeger-Go-2.30.0"), "client-uuid": ["string", "own"] },
});

/** It has no bytes. */
export const jaegerClientOfJava = checkout({
  cart: { "http.status_code": ["int64", 503], "cart.id": ["int64", "9007199254740993"] },
  attempt: ["int64", 2],
  query: {},
  process: process("Jaeger-Java-1.8.1"),
});
