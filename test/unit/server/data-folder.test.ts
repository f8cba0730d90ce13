import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { takeDataFolder } from "../../../functions/server/data-folder.ts";
import { temporaryFolder } from "../../support/skua-server.ts";

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

test("a folder that does not exist is created", async () => {
  const taken = await takeDataFolder(join(folder.path, "a/b"));
  expect(existsSync(join(folder.path, "a/b"))).toBe(true);
  taken.release();
});

test("a folder belongs to one server at a time", async () => {
  const first = await takeDataFolder(folder.path);
  await expect(takeDataFolder(folder.path)).rejects.toThrow(
    `--data ${folder.path}: process ${process.pid} is using it; stop that one or name another folder`,
  );
  first.release();
  (await takeDataFolder(folder.path)).release();
});

test.each([
  ["a process that is gone", "999999999 1"],
  ["a process number that someone else has now", `${process.ppid} 1`],
  ["nothing that can be read", ""],
])("a lock left behind by %s is taken over", async (_whose, content) => {
  writeFileSync(join(folder.path, "lock"), content);
  (await takeDataFolder(folder.path)).release();
  expect(existsSync(join(folder.path, "lock"))).toBe(false);
});

test("a folder that cannot be is refused by name", async () => {
  const file = join(folder.path, "file");
  writeFileSync(file, "");
  await expect(takeDataFolder(join(file, "data"))).rejects.toThrow(`--data ${join(file, "data")}: cannot be created`);
});
