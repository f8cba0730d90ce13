import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PutRecordsCommand } from "@aws-sdk/client-kinesis";
import { afterAll, expect, test } from "vitest";
import { jsonToTraces } from "../../lib/otlp/json.ts";
import { kinesisClient } from "../../lib/stream/kinesis.ts";
import { encodeRecord } from "../../lib/stream/record.ts";
import { exportRequest, newSpanId, newTraceId, post, until, wholeTrace } from "../support/otlp.ts";
import { bareEnvironment, NODE, type SkuaServer, startServer, temporaryFolder } from "../support/skua-server.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());

const FOREIGN = ["--foreign-stream", "collectors"];
const quarantine = join(folder.path, "quarantine");

function replay(...args: string[]) {
  const all = ["infra/operate/replay.ts", "--data", folder.path, ...args];
  const { stdout, stderr, status } = spawnSync(NODE, all, { encoding: "utf8", env: bareEnvironment() });
  return { lines: stdout.trimEnd().split("\n"), stderr, status };
}

const tracesOf = (traceId: string): Uint8Array =>
  jsonToTraces(Buffer.from(exportRequest("repaired", [{ traceId, spanId: newSpanId(), name: "brought back" }])));

/** Puts what nobody can read into both streams, and waits until it is set aside; file names without their endings. */
async function plantPoison(server: SkuaServer) {
  const client = kinesisClient({
    endpoint: String(server.lines.find(({ msg }) => msg === "ready")?.kinesis),
    region: "us-east-1",
    credentials: { accessKeyId: "anybody", secretAccessKey: "at all" },
  });
  const put = async (StreamName: string, count: number) => {
    const Records = Array.from({ length: count }, () => ({ Data: Buffer.from("poison"), PartitionKey: "p" }));
    await client.send(new PutRecordsCommand({ StreamName, Records }));
  };
  await put("skua", 2);
  await put("collectors", 1);
  client.destroy();
  const notes = (path: string): string[] =>
    existsSync(path) ? readdirSync(path).flatMap((name) => /^(.*)\.json$/.exec(name)?.[1] ?? []) : [];
  return until(async () => {
    const [own, foreign] = [notes(quarantine), notes(join(quarantine, "foreign"))];
    return own.length === 2 && foreign.length === 1 ? { own, foreign } : undefined;
  }, "records in the quarantine");
}

test("what was set aside comes back once it can be read, from both streams, and what cannot stays with its reason", {
  timeout: 120_000,
}, async () => {
  const server = await startServer({ data: folder.path, flags: FOREIGN });
  const before = newTraceId();
  await post(server.otlp, exportRequest("whole", [{ traceId: before, spanId: newSpanId(), name: "never lost" }]));
  const { own, foreign } = await plantPoison(server);
  await wholeTrace(server.query, before, 1);
  const busy = replay("--yes");
  expect([busy.status, busy.lines]).toEqual([2, [""]]);
  expect(busy.stderr).toMatch(/is using it; stop that one/);
  await server.stop();

  // As if a newer version could read them.
  const [repaired, repairedForeign] = [newTraceId(), newTraceId()];
  const receivedNanos = BigInt(Date.now()) * 1_000_000n;
  const record = encodeRecord({ tenant: "default", receivedNanos, traces: tracesOf(repaired) });
  writeFileSync(join(quarantine, `${own[0]}.record`), record);
  // Two messages one after the other are one message; of this one a span can never be found.
  const nameless = tracesOf("0".repeat(32));
  writeFileSync(
    join(quarantine, "foreign", `${foreign[0]}.record`),
    Buffer.concat([tracesOf(repairedForeign), nameless]),
  );

  const dry = replay(...FOREIGN);
  expect(dry.lines.filter((line) => line.startsWith("skua:") || line.startsWith("collectors:"))).toEqual([
    "skua: 1 can be replayed, 1 stay in the quarantine",
    "collectors: 1 can be replayed, 0 stay in the quarantine",
  ]);
  expect(dry.lines.at(-1)).toBe("nothing was changed: --yes does it");
  expect(dry.lines.filter((line) => line.includes("stays: "))).toEqual([
    expect.stringMatching(/^shardId-\d+\/\d+ of \S+Z: stays: record \d+: record version 112: expected 1$/),
  ]);
  expect(readdirSync(quarantine)).toHaveLength(5);

  const done = replay(...FOREIGN, "--yes");
  expect([done.status, done.stderr]).toEqual([0, ""]);
  expect(done.lines.filter((line) => line.endsWith(": replayed"))).toHaveLength(1);
  expect(
    done.lines.filter((line) => /: replayed, without 1 spans that cannot be taken \(.+\)$/.test(line)),
  ).toHaveLength(1);
  expect(replay(...FOREIGN, "--yes").lines.slice(-2)).toEqual([
    "skua: 0 replayed, 1 stay in the quarantine",
    "collectors: 0 replayed, 0 stay in the quarantine",
  ]);
  const [shard = "", number = ""] = (own[1] ?? "").split(/-(?=\d+$)/);
  const range = replay("--shard", shard, "--first", number);
  expect(range.lines[0]).toBe("skua: 1 records of the range are still there, 0 can be replayed, 1 cannot be read");

  const again = await startServer({ data: folder.path, flags: FOREIGN });
  for (const id of [before, repaired, repairedForeign]) await wholeTrace(again.query, id, 1);
  expect(await again.stop()).toBe(0);
});

test("a folder that is none, and flags that say nothing, are refused in one line", { timeout: 60_000 }, () => {
  const refused = (...args: string[]): string => {
    const { status, stderr } = spawnSync(NODE, ["infra/operate/replay.ts", ...args], {
      encoding: "utf8",
      env: bareEnvironment(),
    });
    expect([status, stderr.split("\n").length]).toEqual([2, 2]);
    return stderr;
  };
  expect(refused("--data", join(folder.path, "nowhere"))).toContain("expected the data folder of a server");
  expect(refused("--shard", "shardId-000000000000")).toContain("expected a shard and sequence numbers");
  expect(refused("--function", "indexer", "--data", folder.path)).toContain("--data: not with --function");
  expect(refused("--nothing")).toContain("Unknown option '--nothing'");
});
