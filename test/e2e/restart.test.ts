import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { allTraces, exportRequest, newSpanId, newTraceId, post, until, wholeTrace } from "../support/otlp.ts";
import { startServer, temporaryFolder } from "../support/skua-server.ts";

const REQUESTS = 200;
const SPANS = 3;

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

const spansOf = (traceId: string) =>
  Array.from({ length: SPANS }, (_, n) => ({ traceId, spanId: newSpanId(), name: `step ${n}` }));

test("after a restart everything is there again, by id and by search", async () => {
  const ids = Array.from({ length: 10 }, newTraceId);
  const first = await startServer({ data: folder.path });
  for (const id of ids) expect((await post(first.otlp, exportRequest("ledger", spansOf(id)))).status).toBe(200);
  expect(await first.stop()).toBe(0);
  const second = await startServer({ data: folder.path });
  const found = await allTraces(second.query, "ledger", ids.length);
  expect([...found.keys()].sort()).toEqual([...ids].sort());
  for (const id of ids) expect((await wholeTrace(second.query, id, SPANS)).spans.length).toBe(SPANS);
  expect(await second.stop()).toBe(0);
  expect(readdirSync(join(folder.path)).sort()).toEqual(["dynamodb", "kinesis"]);
});

test.each([1, 40, 120, 190])(
  "kill -9 after %i answers of 200 concurrent requests loses no span that got its 200",
  async (answers) => {
    const first = await startServer({ data: folder.path });
    const acknowledged: string[] = [];
    const send = async (): Promise<void> => {
      const id = newTraceId();
      const { status } = await post(first.otlp, exportRequest("ledger", spansOf(id)));
      if (status !== 200) return;
      acknowledged.push(id);
      if (acknowledged.length === answers) first.process.kill("SIGKILL");
    };
    // Those that were cut off have been promised nothing.
    await Promise.allSettled(Array.from({ length: REQUESTS }, send));
    expect(await first.stop("SIGKILL")).toBeNull();
    expect(acknowledged.length).toBeGreaterThanOrEqual(answers);

    const second = await startServer({ data: folder.path });
    const found = await until(
      async () => {
        const traces = await allTraces(second.query, "ledger", acknowledged.length);
        return acknowledged.every((id) => traces.has(id)) ? traces : undefined;
      },
      "search with every acknowledged trace",
      60_000,
    );
    expect(acknowledged.filter((id) => found.get(id)?.spans.length !== SPANS)).toEqual([]);
    expect(await second.stop()).toBe(0);
  },
  120_000,
);
