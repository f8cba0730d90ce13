// A million spans through npm start's own process on this machine: gzipped Collector batches over HTTP until the last of
// them is searchable. The CPU and memory are the server's, both emulators included; beside them protobufjs' decode.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { opentelemetry } from "../../proto/gen/index.js";
import { startServer, temporaryFolder } from "../support/skua-server.ts";
import { cpuSeconds, report } from "./measure.ts";
import { collectorRequests, spansOf } from "./requests.ts";

const { ExportTraceServiceRequest } = opentelemetry.proto.collector.trace.v1;
const SPANS = 1_000_000;
const SENDERS = 4;
const MILLION = 1e6;
const LOOK_MILLIS = 500;
/** Linux counts CPU in hundredths of a second. */
const TICKS_PER_SECOND = 100;

const sent = collectorRequests(SPANS, { seed: 11, spansPerTrace: 9.5 }, Date.now() - 300_000);
const spans = spansOf(sent);
const sample = sent.slice(0, 10);
const decodeSeconds = await cpuSeconds(() => {
  for (const { bytes } of sample) ExportTraceServiceRequest.decode(bytes);
});
const decodePerMillion = (decodeSeconds / spansOf(sample)) * MILLION;
const lastIds = sent.slice(-3).map(({ bytes }) => firstTraceId(bytes));
const bodies = sent.map(({ bytes }) => gzipSync(bytes, { level: 1 }));

const folder = temporaryFolder();
const server = await startServer({ data: folder.path });
try {
  const cpuBefore = cpuOf(server.process.pid);
  const begun = performance.now();
  let next = 0;
  await Promise.all(
    Array.from({ length: SENDERS }, async () => {
      for (let i = next++; i < bodies.length; i = next++) await send(bodies[i] as Uint8Array<ArrayBuffer>);
    }),
  );
  const acceptedSeconds = (performance.now() - begun) / 1000;
  // Asked seldom: each question costs the server something too.
  for (const id of lastIds)
    while ((await fetch(`${server.query}/api/traces/${id}`)).status !== 200)
      await new Promise((done) => setTimeout(done, LOOK_MILLIS));
  const seconds = (performance.now() - begun) / 1000;
  const cpuPerMillion = ((cpuOf(server.process.pid) - cpuBefore) / spans) * MILLION;
  report({
    spansPerSecond: spans / seconds,
    acceptedPerSecond: spans / acceptedSeconds,
    cpuPerMillion,
    timesDecode: cpuPerMillion / decodePerMillion,
    peakMegabytes: peakBytes(server.process.pid) / 1e6,
  });
} finally {
  await server.stop();
  folder.remove();
}

async function send(body: Uint8Array<ArrayBuffer>): Promise<void> {
  const headers = { "Content-Type": "application/x-protobuf", "Content-Encoding": "gzip" };
  for (;;) {
    const answer = await fetch(`${server.otlp}/v1/traces`, { method: "POST", headers, body });
    await answer.arrayBuffer();
    if (answer.status === 200) return;
    // As every exporter does.
    if (answer.status !== 503 && answer.status !== 429) throw new Error(`answered ${answer.status}`);
    await new Promise((done) => setTimeout(done, 1000 * Number(answer.headers.get("retry-after") ?? 1)));
  }
}

function firstTraceId(bytes: Uint8Array): string {
  const id = ExportTraceServiceRequest.decode(bytes).resourceSpans?.[0]?.scopeSpans?.[0]?.spans?.[0]?.traceId;
  return Buffer.from(id ?? []).toString("hex");
}

function cpuOf(pid: number | undefined): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

function peakBytes(pid: number | undefined): number {
  return Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;
}
