import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { exportRequest, newSpanId, newTraceId, post, wholeTrace } from "../support/otlp.ts";
import { ANY_PORTS, runServer, type SkuaServer, startServer, temporaryFolder } from "../support/skua-server.ts";

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

/** Sends one trace; its id if it was acknowledged. */
async function send(server: SkuaServer, name: string): Promise<string | undefined> {
  const traceId = newTraceId();
  const body = exportRequest("broken", [{ traceId, spanId: newSpanId(), name }]);
  const status = await post(server.otlp, body).then(
    (answer) => answer.status,
    () => 0,
  );
  return status === 200 ? traceId : undefined;
}

async function errorAtTheEnd(server: SkuaServer): Promise<unknown> {
  if (server.process.exitCode === null) await once(server.process, "exit");
  expect(server.process.exitCode).toBe(1);
  return server.lines.findLast(({ level }) => level === "error")?.msg;
}

test("a disk that is full ends the server in one line, and nothing acknowledged is lost", {
  timeout: 60_000,
}, async () => {
  const server = await startServer({ data: folder.path, fileBlocks: 2_000 });
  const acknowledged: string[] = [];
  for (let id = await send(server, "first"); id !== undefined; ) {
    acknowledged.push(id);
    id = await send(server, randomBytes(50_000).toString("base64"));
  }
  const line = await errorAtTheEnd(server);
  expect(line).toMatch(/^\S+\/(kinesis|dynamodb): cannot be used \(IO error: .*File too large.*\)$/);
  expect(String(line).startsWith(join(folder.path, "/"))).toBe(true);
  expect(acknowledged.length).toBeGreaterThan(2);

  const again = await startServer({ data: folder.path });
  for (const id of acknowledged) await wholeTrace(again.query, id, 1);
  expect(await again.stop()).toBe(0);
});

test.each(["kinesis", "dynamodb"])("a damaged %s folder is named in one line", async (database) => {
  await (await startServer({ data: folder.path })).stop();
  writeFileSync(join(folder.path, database, "CURRENT"), "no manifest\n");
  const { code, stderr } = await runServer([...ANY_PORTS, "--data", folder.path]);
  expect([code, stderr.split("\n").length]).toEqual([1, 2]);
  expect(stderr.startsWith(`skua: ${join(folder.path, database)}: cannot be used (`)).toBe(true);
});

test.each(["kinesis", "dynamodb"])("a server whose %s folder is deleted takes no more, and ends", async (database) => {
  const server = await startServer({ data: folder.path });
  expect(await send(server, "kept")).toBeDefined();
  rmSync(join(folder.path, database), { recursive: true });
  expect(await send(server, "not kept")).toBeUndefined();
  expect(await errorAtTheEnd(server)).toContain(folder.path);
});
