import { expect, test } from "vitest";
import { measuredApp } from "../../../lib/http/measured-app.ts";

const URL = "https://x.example/";

function measuring(answer: (tick: (millis: number) => void) => Response) {
  let now = 1000;
  const seen: unknown[] = [];
  const app = measuredApp({
    app: { fetch: () => answer((millis) => (now += millis)) },
    measure: (metric, value, labels) => seen.push([metric, value, labels]),
    onEnd: (millis) => seen.push(millis),
    clock: () => now,
  });
  return { seen, ask: async () => app.fetch(new Request(URL)) };
}

test("an answer is timed until its end, and comes through as it was", async () => {
  const { seen, ask } = measuring((tick) => {
    async function* parts() {
      for (const part of ["a", "b", "c"]) {
        tick(100);
        yield new TextEncoder().encode(part);
      }
    }
    return new Response(ReadableStream.from(parts()), { status: 201, headers: { "x-own": "1" } });
  });
  const response = await ask();
  expect(await response.text()).toBe("abc");
  expect([response.status, response.headers.get("x-own"), seen]).toEqual([201, "1", [300]]);
});

test("an error is counted by its status, with or without a body", async () => {
  const empty = measuring(() => new Response(null, { status: 405 }));
  await empty.ask();
  expect(empty.seen).toEqual([["skua_refused_requests", 1, { reason: "405" }], 0]);
  const told = measuring(() => new Response("no", { status: 401 }));
  await (await told.ask()).text();
  expect(told.seen).toEqual([["skua_refused_requests", 1, { reason: "401" }], 0]);
});
