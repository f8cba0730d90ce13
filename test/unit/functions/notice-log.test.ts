import { expect, test } from "vitest";
import { noticeLog } from "../../../functions/notice-log.ts";
import { logger, renderJson } from "../../../lib/runtime/log.ts";

test("what was dropped is logged with how much it was", () => {
  const lines: string[] = [];
  const log = logger({ write: (line) => lines.push(line), clock: () => 0, render: renderJson });
  noticeLog(log)({ kind: "dropped", shardId: "a", first: "1", last: "2", spans: 5 });
  noticeLog(log)({ kind: "lost", shardId: "a", first: "1", last: "2" });
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { level: "warn", kind: "dropped", shardId: "a", spans: 5 },
    { level: "error", kind: "lost", shardId: "a", first: "1", last: "2" },
  ]);
});
