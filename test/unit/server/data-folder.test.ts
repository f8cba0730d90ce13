import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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

test("a folder that the system will never create is refused, and not tried for ever", async () => {
  await expect(takeDataFolder("/proc/skua/data")).rejects.toThrow("--data /proc/skua/data: cannot be created");
});

test.each<[string, (path: string) => void]>([
  ["deleted", (path) => rmSync(path, { recursive: true })],
  [
    "deleted and created again",
    (path) => {
      rmSync(path, { recursive: true });
      mkdirSync(path);
    },
  ],
  ["left without its lock", (path) => rmSync(join(path, "lock"))],
  ["taken by another server", (path) => writeFileSync(join(path, "lock"), "1 1\n")],
])("a folder that is %s is lost, which is told at once to who asks and soon to who waits", async (_what, lose) => {
  const path = join(folder.path, "data");
  const taken = await takeDataFolder(path);
  expect(taken.isOurs()).toBe(true);
  lose(path);
  expect(taken.isOurs()).toBe(false);
  expect((await taken.lost).message).toBe(
    `--data ${path}: the folder, or part of it, is gone or no longer this server's; what is sent now could not be kept`,
  );
  taken.release();
});

test("who releases a folder leaves the lock of the next", async () => {
  const path = join(folder.path, "data");
  const first = await takeDataFolder(path);
  rmSync(path, { recursive: true });
  const second = await takeDataFolder(path);
  const lock = readFileSync(join(path, "lock"), "utf8");
  first.release();
  expect(readFileSync(join(path, "lock"), "utf8")).toBe(lock);
  second.release();
});
