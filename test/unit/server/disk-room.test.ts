import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { diskOf, diskRoom, exceptNoRoom, NoRoom } from "../../../functions/server/disk-room.ts";
import { ingestApp } from "../../../lib/http/ingest.ts";

const MEBIBYTE = 1024 * 1024;

/** A disk of a size, with what was said of it. */
function disk(sizeBytes: number) {
  const said: string[] = [];
  const say = (message: string) => void said.push(message);
  let now = 0;
  let freeBytes = sizeBytes;
  let looks = 0;
  const hasRoom = diskRoom({
    look: () => {
      looks++;
      return { freeBytes, sizeBytes };
    },
    clock: () => now,
    log: { debug: say, info: say, warn: say, error: say },
  });
  return {
    said,
    looks: () => looks,
    hasRoom,
    with(free: number) {
      freeBytes = free;
      now += 1_000;
      return hasRoom();
    },
  };
}

test("spans leave a reserve free, and are taken again when there is clearly more", () => {
  const large = disk(100_000 * MEBIBYTE);
  expect([300, 256, 255, 257, 300, 320, 256].map((free) => large.with(free * MEBIBYTE))).toEqual([
    true,
    true,
    false,
    false,
    false,
    true,
    true,
  ]);
  expect(large.said).toEqual([
    "the disk of the data folder is all but full: no spans are taken until there is room",
    "there is room on the disk again: spans are taken",
  ]);
});

test("of a small disk a share is left free", () => {
  const small = disk(40 * MEBIBYTE);
  expect([40, 16, 15, 19, 20].map((free) => small.with(free * MEBIBYTE))).toEqual([true, true, false, false, true]);
});

test("a burst of requests looks once", () => {
  const one = disk(1_000 * MEBIBYTE);
  for (let i = 0; i < 100; i++) expect(one.hasRoom()).toBe(true);
  expect(one.looks()).toBe(1);
});

test("a folder's disk is at least as large as what is free of it", () => {
  const { freeBytes, sizeBytes } = diskOf(tmpdir());
  expect(freeBytes).toBeGreaterThan(0);
  expect(freeBytes).toBeLessThanOrEqual(sizeBytes);
});

test("whoever sends meanwhile is asked to come back, and the log does not tell it each time", async () => {
  const told: unknown[] = [];
  const onFault = exceptNoRoom((error) => told.push(error));
  const app = ingestApp({
    ingest: async () => {
      throw new NoRoom();
    },
    tenantOf: async () => "t",
    onFault,
    corsOrigins: [],
  });
  const headers = { "content-type": "application/json" };
  const answer = await app.request("/v1/traces", { method: "POST", headers, body: '{"resourceSpans":[]}' });
  expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "30"]);
  expect(await answer.json()).toEqual({ code: 14, message: "the server's disk is full" });
  expect(told).toEqual([]);
  onFault(new Error("another"));
  expect(told).toEqual([new Error("another")]);
});
