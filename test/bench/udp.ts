// Jaeger's clients by UDP: 5,000 datagrams a second for ten seconds, as an agent's host sees them; how many spans are lost.
import { createSocket } from "node:dgram";
import { setTimeout as pause } from "node:timers/promises";
import { traceById } from "../support/otlp.ts";
import { startServer, temporaryFolder } from "../support/skua-server.ts";
import { thriftCallBytes } from "../support/thrift-structs.ts";
import { report } from "./measure.ts";

const PER_SECOND = 5_000;
const SECONDS = 10;
/** Sent at once; timers are not much finer. */
const EVERY_MILLIS = 10;
const TRACES = 50;
const SPANS = PER_SECOND * SECONDS;
const VISIBLE_MILLIS = 60_000;

const idOf = (trace: number): string => (trace + 1).toString(16).padStart(32, "0");
const startMicros = BigInt(Date.now()) * 1000n;

const datagrams = Array.from({ length: SPANS }, (_, i) =>
  thriftCallBytes("compact", "emitBatch", "jaeger.Batch", {
    process: { serviceName: "load", tags: [{ key: "hostname", vType: 0, vStr: "worker-7" }] },
    spans: [
      {
        ...{ traceIdLow: BigInt((i % TRACES) + 1), traceIdHigh: 0n, spanId: BigInt(i + 1), parentSpanId: 0n },
        ...{ operationName: `GET /api/v${i % 7}`, flags: 1, startTime: startMicros + BigInt(i), duration: 1500n },
        tags: [
          { key: "http.method", vType: 0, vStr: "GET" },
          { key: "http.status_code", vType: 3, vLong: 200n },
          { key: "request.id", vType: 0, vStr: `id-${i}` },
        ],
      },
    ],
  }),
);

const folder = temporaryFolder();
const server = await startServer({ data: folder.path });
const socket = createSocket({ type: "udp4", sendBufferSize: 4 * 1024 * 1024 });
try {
  const begun = performance.now();
  for (let sent = 0; sent < SPANS; ) {
    const due = Math.min(SPANS, Math.ceil(((performance.now() - begun) / 1000) * PER_SECOND));
    for (; sent < due; sent++) socket.send(datagrams[sent] as Buffer, server.udp.compact, "127.0.0.1");
    await pause(EVERY_MILLIS);
  }
  const seconds = (performance.now() - begun) / 1000;
  let found = 0;
  for (const end = Date.now() + VISIBLE_MILLIS; found < SPANS && Date.now() < end; await pause(500)) {
    found = 0;
    for (let trace = 0; trace < TRACES; trace++)
      found += (await traceById(server.query, idOf(trace)))?.spans.length ?? 0;
  }
  report({ sentPerSecond: SPANS / seconds, lost: SPANS - found });
} finally {
  socket.close();
  await server.stop();
  folder.remove();
}
