import { expect, test } from "vitest";
import { before, timeoutMillis } from "../../../lib/rpc/deadline.ts";

test.each([
  ["10S", 10_000],
  ["1m", 1],
  ["90u", 1],
  ["1500u", 2],
  ["0n", 1],
  ["2M", 120_000],
  ["1H", 3_600_000],
  // Longer than timers can wait.
  ["99999999H", 2 ** 31 - 1],
])("a grpc-timeout of %s is %i ms", (text, millis) => {
  expect(timeoutMillis(text)).toBe(millis);
});

test("without one a caller waits for ever", () => {
  expect(timeoutMillis(undefined)).toBeUndefined();
});

test.each(["", "10", "S", "-1S", "123456789S", "1.5S", "1s"])("%j is none", (text) => {
  expect(() => timeoutMillis(text)).toThrow(/^grpc-timeout .*: expected up to eight digits/);
});

test("work that is done in time is what it comes to, done or failed; what is left then is let go of", async () => {
  const { signal } = new AbortController();
  expect(await before(signal, Promise.resolve(7))).toBe(7);
  await expect(before(signal, Promise.reject(new Error("broken")))).rejects.toThrow("broken");
  await expect(before(AbortSignal.abort(), new Promise(() => undefined))).rejects.toMatchObject({
    code: "deadline_exceeded",
  });
});
