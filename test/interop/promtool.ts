import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { ROOT } from "../support/dockerfile.ts";

const run = promisify(execFile);
const FOLDER = join(ROOT, ".cache/interop/promtool");
const PROGRAM = join(FOLDER, "usr/bin/promtool");
const INSTALL_MILLIS = 300_000;

/** Prometheus' own judge: the machine's, or the one of Debian's package, unpacked without root; undefined where neither is to be had. */
export async function findPromtool(): Promise<string | undefined> {
  if (await runs("promtool")) return "promtool";
  if (!existsSync(PROGRAM)) await unpack().catch(() => undefined);
  return (await runs(PROGRAM)) ? PROGRAM : undefined;
}

const runs = (program: string): Promise<boolean> => run(program, ["--version"]).then(Boolean, () => false);

async function unpack(): Promise<void> {
  const place = `${FOLDER}.${process.pid}`;
  // Lists of our own: the machine's may be empty, and only root may fill them.
  const lists = ["-o", `Dir::State::lists=${place}/lists`, "-o", `Dir::Cache=${place}/cache`];
  await mkdir(join(place, "lists/partial"), { recursive: true });
  await mkdir(join(place, "cache/archives/partial"), { recursive: true });
  try {
    const options = { cwd: place, timeout: INSTALL_MILLIS };
    await run("apt-get", ["download", "prometheus"], options).catch(async () => {
      await run("apt-get", [...lists, "update"], options);
      await run("apt-get", [...lists, "download", "prometheus"], options);
    });
    const deb = (await readdir(place)).find((name) => name.endsWith(".deb"));
    if (deb === undefined) return;
    await run("dpkg-deb", ["-x", join(place, deb), join(place, "tree")]);
    await rename(join(place, "tree"), FOLDER);
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}
