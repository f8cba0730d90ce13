import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Happening, summedLog } from "../../../functions/server/summed-log.ts";
import { type LogEntry, logger } from "../../../lib/runtime/log.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function world() {
  const lines: Pick<LogEntry, "level" | "message" | "fields">[] = [];
  const log = logger({
    write: () => undefined,
    clock: () => 0,
    render: ({ level, message, fields }) => {
      lines.push({ level, message, fields });
      return "";
    },
  });
  return { lines, ...summedLog(log, 60_000) };
}

const lost = (count: number, by = "malformed", more: Partial<Happening> = {}): Happening => ({
  ...{ level: "warn", message: "datagrams were lost", by: { by }, counts: { lost: count } },
  ...more,
});

test("the first is told at once, all that follow in a minute in one line, with what was wrong with the first of them", () => {
  const { lines, tell } = world();
  tell(lost(1, "malformed", { why: { first: "a" } }));
  expect(lines).toEqual([
    { level: "warn", message: "datagrams were lost", fields: { by: "malformed", lost: 1, first: "a" } },
  ]);
  for (let i = 0; i < 10_000; i++) tell(lost(3, "malformed", { why: { first: `b${i}` } }));
  expect(lines).toHaveLength(1);
  vi.advanceTimersByTime(60_000);
  expect(lines[1]?.fields).toEqual({ by: "malformed", lost: 30_000, first: "b0", withinSeconds: 60 });
  vi.advanceTimersByTime(59_999);
  expect(lines).toHaveLength(2);
});

test("every reason has lines of its own", () => {
  const { lines, tell } = world();
  tell(lost(1, "malformed"));
  tell(lost(2, "stream", { level: "error" }));
  tell(lost(4, "stream", { level: "error" }));
  expect(lines.map(({ level, fields }) => [level, fields.by, fields.lost])).toEqual([
    ["warn", "malformed", 1],
    ["error", "stream", 2],
  ]);
  vi.advanceTimersByTime(60_000);
  expect(lines.slice(2).map(({ level, fields }) => [level, fields.by, fields.lost])).toEqual([["error", "stream", 4]]);
});

test("after a minute without one the next is told at once again", () => {
  const { lines, tell } = world();
  tell(lost(1));
  vi.advanceTimersByTime(60_000);
  tell(lost(2));
  expect(lines.map(({ fields }) => fields.lost)).toEqual([1, 2]);
});

test("the end loses no count", () => {
  const { lines, tell, close } = world();
  tell(lost(1));
  tell(lost(2));
  tell(lost(5));
  close();
  vi.advanceTimersByTime(600_000);
  expect(lines.map(({ fields }) => fields.lost)).toEqual([1, 7]);
  expect(vi.getTimerCount()).toBe(0);
});
