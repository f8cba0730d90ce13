import type { ShownTrace, Tag } from "../shown.ts";

interface ZipkinDialect {
  /** Zipkin's clients for Node write names in lower case. */
  readonly names: readonly [string, string];
  /** Tags of where each span was made, and what tells the failure. */
  readonly host: Readonly<Record<string, Tag>>;
  readonly failure: Readonly<Record<string, Tag>>;
  readonly process: Readonly<Record<string, Tag>>;
}

const LOWER = ["post /checkout", "select stock"] as const;
const GIVEN = ["POST /checkout", "SELECT stock"] as const;

/** What the programs with a client of Zipkin tell: the server's half of a call, and the client's of one within it. */
function checkout({ names: [request, query], host, failure, process: tags }: ZipkinDialect): ShownTrace {
  const process = { service: "shop", tags };
  return {
    spans: [
      {
        ...{ name: request, references: [] },
        tags: {
          ...host,
          ...failure,
          "http.method": ["string", "POST"],
          "cart.size": ["string", "42"],
          "span.kind": ["string", "server"],
        },
        logs: [],
        process,
      },
      {
        ...{ name: query, references: [["CHILD_OF", request]] },
        tags: {
          ...host,
          "peer.service": ["string", "stock"],
          "net.peer.ip": ["string", "10.0.0.2"],
          "net.peer.port": ["int64", 5432],
          "span.kind": ["string", "client"],
        },
        logs: [{ fields: { event: ["string", "retry"] } }],
        process,
      },
    ],
  };
}

/** Version 1: a tag of an error that says more than "true" is the status and its description. */
const FAILED: ZipkinDialect["failure"] = {
  error: ["bool", true],
  "otel.status_code": ["string", "ERROR"],
  "otel.status_description": ["string", "no stock"],
};

/** Version 2 keeps it as the tag it is. */
const TOLD: ZipkinDialect["failure"] = { error: ["string", "no stock"] };

const HOST: ZipkinDialect["host"] = { "net.host.ip": ["string", "10.0.0.1"], "net.host.port": ["int64", 8080] };

export const zipkinV1OfNode = checkout({ names: LOWER, host: {}, failure: FAILED, process: {} });
export const zipkinV2OfNode = checkout({ names: LOWER, host: {}, failure: TOLD, process: {} });
export const zipkinV1OfPython = checkout({
  ...{ names: GIVEN, host: {}, failure: FAILED },
  process: { ipv4: ["string", "10.0.0.1"], port: ["string", "8080"] },
});
export const zipkinV2OfPython = checkout({ names: GIVEN, host: HOST, failure: TOLD, process: {} });
/** Only its JSON is in lower case. */
export const zipkinV2OfGo = {
  json: checkout({ names: LOWER, host: HOST, failure: TOLD, process: {} }),
  proto: checkout({ names: GIVEN, host: HOST, failure: TOLD, process: {} }),
};
export const zipkinV2OfJava = checkout({ names: LOWER, host: HOST, failure: TOLD, process: {} });
