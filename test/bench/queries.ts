// How long answers take with a million spans in npm start's own process, from client to server on this machine, one
// question after the other: first right behind the last span, and then once what the load left is merged, which the
// server does by itself within seconds. node queries.ts SPANS QUESTIONS MINUTE: the load begins at this minute of an hour,
// by a clock that is moved there, with spans from five minutes before on.
import { gzipSync } from "node:zlib";
import { opentelemetry } from "../../proto/gen/index.js";
import { Random } from "../data/random.ts";
import { startServer, temporaryFolder } from "../support/skua-server.ts";
import { report } from "./measure.ts";
import { collectorRequests } from "./requests.ts";

const { ExportTraceServiceRequest } = opentelemetry.proto.collector.trace.v1;
const [spans = "1000000", questions = "200", minute = "40"] = process.argv.slice(2);
const SENDERS = 4;
const LOOK_MILLIS = 500;
/** Two looks of the server's for what is to be merged, the merge, and a second until a reader asks for it. */
const MERGED_MILLIS = 20_000;
/** Asked before: few, or the merge would be through. */
const FIRST_QUESTIONS = 20;

const hourStart = Date.now() - (Date.now() % 3_600_000) - 3_600_000;
const loadStart = hourStart + Number(minute) * 60_000;
const sent = collectorRequests(Number(spans), { seed: 11, spansPerTrace: 9.5 }, loadStart - 300_000);
const random = new Random(5);
const ids = sent.filter((_, i) => i % 10 === 0).flatMap(({ bytes }) => traceIds(bytes));
const lastIds = sent.slice(-3).map(({ bytes }) => traceIds(bytes)[0] ?? "");
const bodies = sent.map(({ bytes }) => gzipSync(bytes, { level: 1 }));

const clock = await moveClock(loadStart);
const folder = temporaryFolder();
const server = await startServer({ data: folder.path, env: clock });
try {
  let next = 0;
  await Promise.all(
    Array.from({ length: SENDERS }, async () => {
      for (let i = next++; i < bodies.length; i = next++) await send(bodies[i] as Uint8Array<ArrayBuffer>);
    }),
  );
  for (const id of lastIds)
    while ((await fetch(`${server.query}/api/traces/${id}`)).status !== 200)
      await new Promise((done) => setTimeout(done, LOOK_MILLIS));
  await measure();
} finally {
  await server.stop();
  folder.remove();
}

async function measure(): Promise<void> {
  const services = await list("/api/services");
  const operations = new Map<string, readonly string[]>();
  for (const service of services) operations.set(service, await list(`/api/services/${service}/operations`));
  const service = () => random.pick(services);
  const window = () => `start=${(Date.now() - 3_600_000) * 1000}&end=${Date.now() * 1000}`;
  const search = (more = "", own = service()) => `/api/traces?service=${own}&limit=20&${window()}${more}`;
  const tag = (key: string, value: string) => `&tags=${encodeURIComponent(JSON.stringify({ [key]: value }))}`;
  const rfc = (millis: number) => encodeURIComponent(new Date(millis).toISOString());
  const window3 = () => `query.startTimeMin=${rfc(Date.now() - 3_600_000)}&query.startTimeMax=${rfc(Date.now())}`;
  const cases: Readonly<Record<string, () => string>> = {
    byId: () => `/api/traces/${random.pick(ids)}`,
    absentId: () => `/api/traces/${random.hex(16)}`,
    search: () => search(),
    searchTag: () => search(tag("http.response.status_code", "503")),
    searchOperation() {
      const own = service();
      return search(`&operation=${encodeURIComponent(random.pick(operations.get(own) ?? []))}`, own);
    },
    searchSlow: () => search("&minDuration=100ms"),
    rareTag: () => `/api/traces?limit=20&${window()}${tag("app.user.id", `user-${random.below(20_000)}`)}`,
    summaries: () => `/api/v3/trace-summaries?query.serviceName=${service()}&query.searchDepth=20&${window3()}`,
    dependencies: () => `/api/dependencies?endTs=${Date.now()}&lookback=${24 * 3_600_000}`,
    services: () => "/api/services",
    operations: () => `/api/services/${service()}/operations`,
  };
  const figures: Record<string, number> = {};
  async function ask(name: string, count: number, path: () => string): Promise<void> {
    const millis: number[] = [];
    let bytes = 0;
    for (let i = 0; i < count; i++) {
      const url = `${server.query}${path()}`;
      const begun = performance.now();
      bytes += (await (await fetch(url, { headers: { "Accept-Encoding": "identity" } })).arrayBuffer()).byteLength;
      millis.push(performance.now() - begun);
    }
    figures[`${name}.first`] = millis[0] ?? Number.NaN;
    millis.sort((a, b) => a - b);
    figures[`${name}.p50`] = millis[millis.length >> 1] ?? Number.NaN;
    figures[`${name}.p95`] = millis[Math.floor(millis.length * 0.95)] ?? Number.NaN;
    figures[`${name}.kilobytes`] = bytes / millis.length / 1000;
  }
  await ask("unmerged", FIRST_QUESTIONS, () => search());
  await new Promise((done) => setTimeout(done, MERGED_MILLIS));
  for (const [name, path] of Object.entries(cases)) await ask(name, Number(questions), path);
  report(figures);
}

/** Moves this process' clock to that time; what a server is to be told that it shares it. */
async function moveClock(toMillis: number): Promise<Readonly<Record<string, string>>> {
  const moved = { MOVED_CLOCK_MILLIS: String(toMillis - Date.now()) };
  Object.assign(process.env, moved);
  const file = new URL("../support/moved-clock.ts", import.meta.url);
  await import(file.href);
  return { ...moved, NODE_OPTIONS: `--import=${file.href}` };
}

async function list(path: string): Promise<readonly string[]> {
  const { data } = (await (await fetch(`${server.query}${path}`)).json()) as { data: string[] };
  return data;
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

function traceIds(bytes: Uint8Array): string[] {
  const { resourceSpans } = ExportTraceServiceRequest.decode(bytes);
  return (resourceSpans ?? [])
    .flatMap(({ scopeSpans }) => scopeSpans ?? [])
    .flatMap(({ spans: own }) => (own ?? []).slice(0, 20))
    .map(({ traceId }) => Buffer.from(traceId ?? []).toString("hex"));
}
