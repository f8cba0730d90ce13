import { afterAll, beforeAll, expect, test } from "vitest";
import { exportRequest, newSpanId, newTraceId, post, search, traceById, until } from "../support/otlp.ts";
import { type SkuaServer, startServer, temporaryFolder } from "../support/skua-server.ts";

/** Of a machine that does nothing else; one that is busy with other tests gets this much longer. */
const PATIENCE = 3;
const FIRST_SPAN_MILLIS = 5_000;
const SEARCHABLE_MILLIS = 1_000;
const ROUNDS = 20;

const folder = temporaryFolder();
let server: SkuaServer;
let startedMillis: number;

beforeAll(async () => {
  startedMillis = performance.now();
  server = await startServer({ data: folder.path, byNpm: true });
}, 30_000);
afterAll(async () => {
  // Through npm: the signal has to find its way, and so has the answer.
  expect(await server.stop()).toBe(0);
  folder.remove();
}, 30_000);

async function sendSpan(traceId: string, name: string): Promise<void> {
  const body = exportRequest("clock", [{ traceId, spanId: newSpanId(), name, tags: { "round.id": traceId } }]);
  expect((await post(server.otlp, body)).status).toBe(200);
}

test("the first span is searchable within seconds of npm start", async () => {
  const id = newTraceId();
  await sendSpan(id, "first");
  await until(async () => (await search(server.query, { service: "clock" }))[0], "first trace");
  const millis = Math.round(performance.now() - startedMillis);
  console.log(`npm start to first span searchable: ${millis} ms (ready after ${Math.round(server.readyMillis)} ms)`);
  expect(millis).toBeLessThan(FIRST_SPAN_MILLIS * PATIENCE);
});

const HOWS: readonly (readonly [string, (id: string) => Promise<unknown>])[] = [
  ["by id", (id) => traceById(server.query, id)],
  [
    "by search",
    async (id) => (await search(server.query, { service: "clock", tags: JSON.stringify({ "round.id": id }) }))[0],
  ],
];

test.each(HOWS)(
  "a span is searchable within a second of its 200, %s",
  async (how, ask) => {
    const delays: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const id = newTraceId();
      await sendSpan(id, "round");
      const answered = performance.now();
      await until(() => ask(id), "trace");
      delays.push(performance.now() - answered);
    }
    const p50 = median(delays);
    console.log(`200 to searchable, ${how}: p50 ${Math.round(p50)} ms, worst ${Math.round(Math.max(...delays))} ms`);
    expect(p50).toBeLessThan(SEARCHABLE_MILLIS * PATIENCE);
  },
  ROUNDS * SEARCHABLE_MILLIS * PATIENCE,
);

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
