import { expect, test } from "vitest";
import { logger, renderJson, renderText } from "../../../lib/runtime/log.ts";

const lines = (render: typeof renderJson) => {
  const written: string[] = [];
  const log = logger({ write: (line) => void written.push(line), clock: () => 1_700_000_000_123, render });
  return { log, written };
};

test("a line of JSON holds level, time, message and fields", () => {
  const { log, written } = lines(renderJson);
  log.warn("late", { shard: "shardId-0", count: 2n ** 63n });
  expect(written.map((line) => JSON.parse(line))).toEqual([
    { level: "warn", time: "2023-11-14T22:13:20.123Z", msg: "late", shard: "shardId-0", count: "9223372036854775808" },
  ]);
});

test("an error is written with its stack and all its causes", () => {
  const { log, written } = lines(renderJson);
  log.error("failed", { error: new Error("outer", { cause: new TypeError("inner") }) });
  const { error } = JSON.parse(written[0] ?? "");
  expect(error.error).toMatch(/^Error: outer\n\s+at /);
  expect(error.cause).toMatch(/^TypeError: inner\n\s+at /);
});

test("for people a line is one line, whatever the fields hold", () => {
  const { log, written } = lines(renderText);
  log.info("ready");
  log.debug("read", { records: 3, name: "two words", error: new Error("a\nb") });
  expect(written[0]).toBe("22:13:20 ready");
  expect(written[1]).toMatch(/^22:13:20 DEBUG read records=3 name="two words" error="Error: a\\nb\\n.*"$/);
});
