import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { keptInFolder, quarantineFolder } from "../../../functions/server/quarantine-folder.ts";
import { temporaryFolder } from "../../support/skua-server.ts";

const folder = temporaryFolder();
afterAll(() => folder.remove());

const record = (sequenceNumber: string) => ({
  sequenceNumber,
  data: Buffer.from([0, 255, 7]),
  arrivedMillis: Date.UTC(2026, 10, 22, 12),
});

test("what is set aside is found again as it was, by shard and number, and goes in two steps", async () => {
  const path = join(folder.path, "quarantine");
  const kept = keptInFolder(path);
  expect(await kept.notes()).toEqual([]);
  const quarantine = quarantineFolder(path);
  await quarantine.keep("shardId-000000000001", record("7"), "late");
  await quarantine.keep("shardId-000000000000", record("10"), "no zstd frame");
  await quarantine.keep("shardId-000000000000", record("9"), "no zstd frame");
  // The second stream's have a folder of their own, and people leave files about.
  mkdirSync(join(path, "foreign"));
  writeFileSync(join(path, "notes.json"), "[]");
  writeFileSync(join(path, "shardId-000000000000-11.json"), "{");

  const notes = await kept.notes();
  expect(notes.map(({ shardId, sequenceNumber }) => `${shardId.slice(-1)}/${sequenceNumber}`)).toEqual([
    "0/9",
    "0/10",
    "1/7",
  ]);
  const [first] = notes;
  if (first === undefined) throw new Error("nothing is kept");
  expect(first).toMatchObject({ reason: "no zstd frame", arrivedMillis: Date.UTC(2026, 10, 22, 12) });
  expect([...((await kept.data(first)) ?? [])]).toEqual([0, 255, 7]);
  await kept.removeData(first);
  await kept.removeData(first);
  expect([await kept.data(first), (await kept.notes()).length]).toEqual([undefined, 3]);
  await kept.removeNote(first);
  expect(await kept.notes()).toHaveLength(2);
});
