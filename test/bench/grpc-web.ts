// What ingest takes of one core for the same requests over OTLP/HTTP and over gRPC-web: gzip, as clients send them.
import { gzipSync } from "node:zlib";
import { ingestApp } from "../../lib/http/ingest.ts";
import { ingest } from "../../lib/pipeline/ingest.ts";
import { grpcFrame, readWebAnswer } from "../support/grpc-frames.ts";
import { report, warmCpuSeconds } from "./measure.ts";
import { collectorRequests, DATA_SETS, spansOf, TRAFFIC_START_MILLIS } from "./requests.ts";

const SPANS = 100_000;

const app = ingestApp({
  ingest: ingest({
    // Takes everything at once.
    stream: {
      shards: async () => [{ id: "shard", parentIds: [], isOpen: true, start: 0n, end: 2n ** 128n - 1n }],
      put: async (entries) => entries.map(() => ({ ok: true, shardId: "shard", sequenceNumber: "1" })),
    },
    clock: () => TRAFFIC_START_MILLIS + 120_000,
    random: () => 0.5,
    sleep: async () => {},
    retentionHours: 168,
    takeRate: () => undefined,
  }),
  tenantOf: () => "default",
  onFault: (error) => {
    throw error;
  },
  corsOrigins: [],
});

const sent = collectorRequests(SPANS, DATA_SETS[0]);
const bodies = sent.map(({ bytes }) => gzipSync(bytes));
const framed = bodies.map((body) => grpcFrame(body, 1));
const spans = spansOf(sent);

const byHttp = async () => {
  const headers = { "Content-Type": "application/x-protobuf", "Content-Encoding": "gzip" };
  for (const body of bodies) {
    const answer = await app.request("/v1/traces", { method: "POST", headers, body });
    if ((await answer.arrayBuffer()).byteLength > 0 || !answer.ok) throw new Error("not all was taken");
  }
};

const byGrpcWeb = async () => {
  const headers = { "Content-Type": "application/grpc-web+proto", "grpc-encoding": "gzip" };
  const path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
  for (const body of framed) {
    const answer = await app.request(path, { method: "POST", headers, body });
    const { messages, trailers } = readWebAnswer(new Uint8Array(await answer.arrayBuffer()));
    if (messages[0]?.length !== 0 || trailers["grpc-status"] !== "0") throw new Error("not all was taken");
  }
};

const [http = 0, grpcWeb = 0] = await warmCpuSeconds([byHttp, byGrpcWeb]);
report({ httpPerMillion: (http / spans) * 1e6, grpcWebPerMillion: (grpcWeb / spans) * 1e6, timesHttp: grpcWeb / http });
