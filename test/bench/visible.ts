// How soon a span can be found: after the start of the server, and after the 200 that took it, by id and by search.
import { exportRequest, newSpanId, newTraceId, post, search, traceById, until } from "../support/otlp.ts";
import { startServer, temporaryFolder } from "../support/skua-server.ts";
import { median, report } from "./measure.ts";

const SPANS = 20;

const folder = temporaryFolder();
const begun = performance.now();
const server = await startServer({ data: folder.path, byNpm: true });
try {
  const first = await seen("first");
  const startToSearchable = performance.now() - begun;
  const delays: number[] = [first];
  for (let i = 1; i < SPANS; i++) delays.push(await seen(`service-${i}`));
  report({ startToSearchable, p50: median(delays), slowest: Math.max(...delays) });
} finally {
  await server.stop();
  folder.remove();
}

/** Milliseconds from the 200 until the span is found both ways. */
async function seen(service: string): Promise<number> {
  const traceId = newTraceId();
  const response = await post(server.otlp, exportRequest(service, [{ traceId, spanId: newSpanId(), name: "work" }]));
  if (response.status !== 200) throw new Error(`answered ${response.status}`);
  const taken = performance.now();
  await until(() => traceById(server.query, traceId), "the trace by id");
  await until(
    async () => ((await search(server.query, { service })).length === 1 ? true : undefined),
    "the trace by search",
  );
  return performance.now() - taken;
}
