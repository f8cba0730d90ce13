import { deepEqual, equal, ok } from "node:assert/strict";
import { accessTable, bearer, type Stage, until } from "./stage.ts";
import type { Step } from "./tally.ts";
import { aTrace, type SentTrace, shown, tracesIn } from "./trace.ts";

/** @param update deploys the same stack with another setting */
export function updateSteps(stage: Stage, update: () => Promise<void>): Step[] {
  const headers = async () => bearer(String((await accessTable(stage)).firstToken)).headers;
  const send = async ({ requests }: SentTrace) => {
    for (const request of requests) {
      const all = { ...request.headers, ...(await headers()) };
      equal((await stage.ingest("v1/traces", { body: request.body, headers: all })).status, 200);
    }
  };
  const isWhole = async ({ id, expected }: SentTrace) => {
    const own = await headers();
    const { text } = await until(
      () => stage.query(`api/traces/${id}`, { headers: own }),
      (answer) => answer.status === 200 && tracesIn(answer.text)[0]?.spans.length === expected.length,
    );
    const [found] = tracesIn(text);
    ok(found);
    deepEqual(shown(found, expected), expected);
  };
  return [
    {
      name: "an update with other settings keeps tokens, URLs and spans, those sent a moment before it too",
      run: async () => {
        const before = await stage.outputs();
        const token = (await accessTable(stage)).firstToken;
        const [earlier, later] = [aTrace(), aTrace()];
        await send(earlier);
        await update();
        await send(later);
        for (const trace of [earlier, later]) await isWhole(trace);
        deepEqual([await stage.outputs(), (await accessTable(stage)).firstToken], [before, token]);
      },
    },
  ];
}
