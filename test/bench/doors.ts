// What ingest takes of one core for the same spans through each door, beside OTLP/HTTP with gzip in the same process.
// doors.ts: all of them, each in a process of its own. doors.ts DOOR: one.
import { execFile, fork } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";
import { ServerCredentials } from "@grpc/grpc-js";
import { openGrpcDoor } from "../../functions/server/grpc-door.ts";
import { grpcServer } from "../../functions/server/grpc-server.ts";
import { ingestApp } from "../../lib/http/ingest.ts";
import { exportMethod, postSpansMethod } from "../../lib/http/ingest-methods.ts";
import { jaegerEmitBatchToOtlp } from "../../lib/jaeger/thrift/batch.ts";
import { ingest } from "../../lib/pipeline/ingest.ts";
import { BODIES } from "./door-bodies.ts";
import { report, warmCpuSeconds } from "./measure.ts";
import { collectorRequests, DATA_SETS, spansOf, TRAFFIC_START_MILLIS } from "./requests.ts";

/** The library that writes Thrift takes half a millisecond a span. */
const SPANS = 16_000;

/** As the server gathers datagrams. */
const UDP_BYTES = 256 * 1024;

const EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
const POST_SPANS = "/jaeger.api_v2.CollectorService/PostSpans";
const JSON_TYPE = "application/json";

/** Path, content type, and how it is compressed. */
const HTTP: Readonly<Record<string, readonly [path: string, type: string, more?: Readonly<Record<string, string>>]>> = {
  otlpHttp: ["/v1/traces", "application/x-protobuf", { "Content-Encoding": "gzip" }],
  otlpJson: ["/v1/traces", JSON_TYPE, { "Content-Encoding": "gzip" }],
  otlpGrpcWeb: [EXPORT, "application/grpc-web+proto", { "grpc-encoding": "gzip" }],
  otlpGrpcWebText: [EXPORT, "application/grpc-web-text+proto", { "grpc-encoding": "gzip" }],
  jaegerGrpcWeb: [POST_SPANS, "application/grpc-web+proto"],
  jaegerBinary: ["/api/traces", "application/x-thrift"],
  jaegerCompact: ["/api/traces", "application/vnd.apache.thrift.compact"],
  zipkinV1Json: ["/api/v1/spans", JSON_TYPE],
  zipkinV1Thrift: ["/api/v1/spans", "application/x-thrift"],
  zipkinV2Json: ["/api/v2/spans", JSON_TYPE],
  zipkinV2Proto: ["/api/v2/spans", "application/x-protobuf"],
};

let taken = 0;
const put = ingest({
  // Takes everything at once.
  stream: {
    shards: async () => [{ id: "shard", parentIds: [], isOpen: true, start: 0n, end: 2n ** 128n - 1n }],
    put: async (entries) => entries.map(() => ({ ok: true, shardId: "shard", sequenceNumber: "1" })),
  },
  clock: () => TRAFFIC_START_MILLIS + 120_000,
  random: () => 0.5,
  sleep: async () => {},
  retentionHours: 168,
});
const take: typeof put = async (tenant, traces) => {
  const outcome = await put(tenant, traces);
  taken += outcome.acceptedSpans;
  return outcome;
};
const onFault = (error: unknown): never => {
  throw error;
};

type Work = () => Promise<void>;

function byHttp(door: string, bodies: readonly Uint8Array[]): Work {
  const app = ingestApp({ ingest: take, tenantOf: () => "default", onFault, corsOrigins: [] });
  const [path = "", type = "", more = {}] = HTTP[door] ?? [];
  const requests = bodies.map((body) => ({
    ...{ method: "POST", headers: { "Content-Type": type, ...more }, body: Buffer.from(body) },
  }));
  return async () => {
    for (const request of requests) await (await app.request(path, request)).arrayBuffer();
  };
}

/** What happens to datagrams once their thread has handed them over. */
function byUdp(protocol: "compact" | "binary", datagrams: readonly Uint8Array[]): Work {
  const batches: Uint8Array[][] = [[]];
  let bytes = 0;
  for (const datagram of datagrams) {
    bytes += datagram.length;
    if (bytes > UDP_BYTES) {
      batches.push([]);
      bytes = datagram.length;
    }
    batches.at(-1)?.push(datagram);
  }
  return async () => {
    for (const batch of batches)
      await take("default", Buffer.concat(batch.map((datagram) => jaegerEmitBatchToOtlp(datagram, protocol))));
  };
}

async function byGrpc(path: string, bodies: readonly Uint8Array[]): Promise<Work> {
  const door = await openGrpcDoor({ host: "127.0.0.1", port: 0, flag: "grpc" });
  const methods = [exportMethod(take), postSpansMethod(take)];
  const server = grpcServer({ methods, tenants: { ingest: () => "default" }, onFault });
  door.serve(server, server.createConnectionInjector(ServerCredentials.createInsecure()).injectConnection);
  const client = fork(new URL("./door-client.ts", import.meta.url));
  client.send({ url: door.url, path, bodies: bodies.map((body) => Buffer.from(body).toString("base64")) });
  await once(client, "message");
  return async () => {
    client.send("again");
    await once(client, "message");
  };
}

function workOf(door: string, bodies: readonly Uint8Array[]): Work | Promise<Work> {
  if (door === "udpBinary") return byUdp("binary", bodies);
  if (door === "udpCompact") return byUdp("compact", bodies);
  if (door === "otlpGrpc") return byGrpc(EXPORT, bodies);
  return door === "jaegerGrpc" ? byGrpc(POST_SPANS, bodies) : byHttp(door, bodies);
}

async function one(door: string): Promise<void> {
  const sent = collectorRequests(SPANS, DATA_SETS[0]);
  const spans = spansOf(sent);
  const bodiesFor = (name: string) => sent.flatMap(({ bytes }) => BODIES[name]?.(bytes) ?? []);
  const works = [byHttp("otlpHttp", bodiesFor("otlpHttp")), await workOf(door, bodiesFor(door))];
  const whole = works.map((work) => async () => {
    taken = 0;
    await work();
    if (taken !== spans) throw new Error(`${door}: ${taken} of ${spans} spans were taken`);
  });
  const [http = 0, own = 0] = await warmCpuSeconds(whole, { warm: 3, runs: 7 });
  report({ perMillion: (own / spans) * 1e6, timesHttp: own / http });
}

async function all(): Promise<void> {
  const figures: Record<string, number> = {};
  for (const door of Object.keys(BODIES)) {
    const { stdout } = await promisify(execFile)(process.execPath, [import.meta.filename, door]);
    for (const [name, value] of Object.entries(JSON.parse(stdout)))
      if (door !== "otlpHttp" || name === "perMillion") figures[`${door}.${name}`] = Number(value);
  }
  report(figures);
}

const [door] = process.argv.slice(2);
await (door === undefined ? all() : one(door));
process.exit();
