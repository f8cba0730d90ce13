import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { keepRunning } from "../../../functions/server/keep-running.ts";
import { startThread } from "../../../functions/server/thread.ts";

const mortal = (word: string) =>
  startThread<{ said: string }>({
    file: new URL("./threads/mortal.ts", import.meta.url),
    data: [word],
    heapMegabytes: 32,
    taskMillis: 300,
  });

test("a thread says hello, and closes when told to", async () => {
  const thread = await mortal("live");
  expect(thread.hello).toEqual({ said: "live" });
  await thread.close(5_000);
  expect(await thread.ended).toBeUndefined();
});

test("a thread that cannot start is a fault of whoever starts it", async () => {
  await expect(mortal("fail")).rejects.toThrow("could not start");
});

test.each([
  ["die", /mortal\.ts ended by itself with code 7$/],
  ["throw", /^died of this$/],
  ["swell", /heap|memory/i],
  ["spin", /mortal\.ts was ended: a task took longer than 300 ms$/],
])("a thread that is to %s ends alone, and why is known", async (word, why) => {
  const thread = await mortal(word);
  expect((await thread.ended)?.message).toMatch(why);
});

test("a thread whose tasks end in time lives on", async () => {
  const thread = await mortal("work");
  await pause(600);
  await thread.close(5_000);
  expect(await thread.ended).toBeUndefined();
});

test("a thread that does not close in time is ended", async () => {
  const thread = await mortal("hang");
  await thread.close(100);
  expect(await thread.ended).toBeUndefined();
});

test("what is to be kept running is started again when it ends, and when it cannot start, until it is closed", async () => {
  const words = ["die", "fail", "throw", "live"];
  const faults: unknown[] = [];
  const lives = Promise.withResolvers<void>();
  const kept = await keepRunning(
    async () => {
      const thread = await mortal(words.shift() ?? "live");
      if (thread.hello.said === "live") lives.resolve();
      return thread;
    },
    (fault) => faults.push(fault),
  );
  await lives.promise;
  await kept.close(5_000);
  expect(faults.map((fault) => (fault instanceof Error ? fault.message : fault))).toEqual([
    expect.stringContaining("ended by itself with code 7"),
    "could not start",
    "died of this",
  ]);
  expect(words).toEqual([]);
});

test("what cannot be started the first time is not kept running", async () => {
  await expect(
    keepRunning(
      () => mortal("fail"),
      () => undefined,
    ),
  ).rejects.toThrow("could not start");
});
