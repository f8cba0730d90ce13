import { readFileSync } from "node:fs";
import fc from "fast-check";
import { listOfSpans } from "../support/foreign-proto.ts";
import { anyBatch } from "../support/jaeger-batches.ts";
import { postSpansBytes } from "../support/jaeger-proto-batch.ts";
import { thriftBytes, thriftCallBytes } from "../support/thrift-structs.ts";
import type { ForeignDoor } from "./foreign-doors.ts";

const golden = (name: string) => readFileSync(new URL(`../golden/doors/${name}`, import.meta.url));
const json = (value: unknown) => Buffer.from(JSON.stringify(value));

const zipkinV2 = {
  ...{ traceId: "5af7183fb1d4cf5f6b221d5bc9e6496c", parentId: "6b221d5bc9e6496c", id: "352bff9a74ca9ad2" },
  ...{ kind: "SERVER", name: "get /api", timestamp: 1_556_604_172_355_737, duration: 1431, debug: true },
  localEndpoint: { serviceName: "backend", ipv4: "192.168.99.1", port: 3306 },
  remoteEndpoint: { serviceName: "frontend", ipv6: "2001:db8::c001", port: 63_840 },
  annotations: [{ timestamp: 1_556_604_172_355_800, value: "ws" }],
  tags: { "http.method": "GET", "otel.library.name": "io.x", error: "true", n: 3 },
};

const zipkinProto = {
  trace_id: Buffer.from(zipkinV2.traceId, "hex"),
  parent_id: Buffer.from(zipkinV2.parentId, "hex"),
  id: Buffer.from(zipkinV2.id, "hex"),
  ...{ kind: "SERVER", name: "get /api", timestamp: zipkinV2.timestamp, duration: 1431, debug: true },
  local_endpoint: { service_name: "backend", ipv4: Buffer.from([192, 168, 99, 1]), port: 3306 },
  remote_endpoint: { service_name: "frontend", ipv6: Buffer.alloc(16, 7), port: 63_840 },
  annotations: [{ timestamp: zipkinV2.timestamp, value: "ws" }],
  tags: { "http.method": "GET", "otel.status_code": "OK", error: "true" },
};

const zipkinThrift = {
  ...{ trace_id: 1n, trace_id_high: -1n, id: 2n, parent_id: 3n, name: "get", timestamp: 4n, duration: 5n, debug: true },
  annotations: [{ timestamp: 6n, value: "cs", host: { ipv4: 1, port: 80, service_name: "a", ipv6: Buffer.alloc(16) } }],
  binary_annotations: [0, 1, 2, 3, 4, 5, 6].map((annotation_type) => ({
    ...{ key: `k${annotation_type}`, value: Buffer.alloc(8, 1), annotation_type, host: { port: 1, service_name: "b" } },
  })),
};

/** Real messages of each door: some that clients sent, some of every kind of batch. */
export function foreignSeeds(seed: number): Record<ForeignDoor, Buffer[]> {
  const batches = fc.sample(anyBatch, { seed, numRuns: 60 });
  const spans = "list<zipkincore.Span>";
  return {
    "jaeger binary": [
      golden("jaeger-client-http.thrift"),
      ...batches.map((batch) => thriftBytes("binary", "jaeger.Batch", batch)),
    ],
    "jaeger compact": batches.map((batch) => thriftBytes("compact", "jaeger.Batch", batch)),
    "jaeger datagram, binary": [
      ...[golden("jaeger-client-udp.thrift"), golden("otel-jaeger-udp.thrift")],
      ...batches.map((batch) => thriftCallBytes("binary, not strict", "emitBatch", "jaeger.Batch", batch)),
    ],
    "jaeger datagram, compact": batches.map((batch) => thriftCallBytes("compact", "emitBatch", "jaeger.Batch", batch)),
    "jaeger protobuf": batches.map((batch, i) => Buffer.from(postSpansBytes(batch, i % 2 === 0))),
    "zipkin v1 json": [golden("zipkin-v1.json")],
    "zipkin v1 thrift": [thriftBytes("binary", spans, [zipkinThrift, zipkinThrift])],
    "zipkin datagram, compact": [thriftCallBytes("compact", "emitZipkinBatch", spans, [zipkinThrift])],
    "zipkin v2 json": [golden("zipkin-v2.json"), golden("otel-zipkin.json"), json([zipkinV2, zipkinV2])],
    "zipkin v2 protobuf": [
      Buffer.from(listOfSpans.encode(listOfSpans.fromObject({ spans: [zipkinProto, zipkinProto] })).finish()),
    ],
  };
}
