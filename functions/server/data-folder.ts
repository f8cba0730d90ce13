import { once } from "node:events";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join, resolve } from "node:path";
import { Usage } from "./usage.ts";

export interface DataFolder {
  readonly path: string;
  release(): void;
}

/**
 * Takes the folder for this process alone. The lock file names a port of ours: a process number alone is soon used
 * again, in a container always, but a port that answers at that number is a server that lives.
 */
export async function takeDataFolder(folder: string): Promise<DataFolder> {
  const path = resolve(folder);
  const lock = join(path, "lock");
  createFolder(path);
  const beacon = createServer((socket) => socket.destroy());
  beacon.listen(0, "127.0.0.1").unref();
  await once(beacon, "listening");
  const address = beacon.address();
  const line = `${process.pid} ${typeof address === "object" ? address?.port : ""}\n`;
  if (!claim(lock, line)) {
    const owner = readFileSync(lock, "utf8");
    const [pid, port] = owner.trim().split(" ").map(Number);
    if (await isAlive(pid, port))
      throw new Usage(`--data ${path}: process ${pid} is using it; stop that one or name another folder`, 1);
    rmSync(lock, { force: true });
    if (!claim(lock, line)) throw new Usage(`--data ${path}: another server has just taken it`, 1);
  }
  return {
    path,
    release() {
      beacon.close();
      rmSync(lock, { force: true });
    },
  };
}

function createFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw new Usage(`--data ${path}: cannot be created (${error instanceof Error ? error.message : String(error)})`, 1);
  }
}

function claim(lock: string, line: string): boolean {
  try {
    writeFileSync(lock, line, { flag: "wx" });
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw new Usage(`${lock}: cannot be written (${error instanceof Error ? error.message : String(error)})`, 1);
  }
}

async function isAlive(pid: number | undefined, port: number | undefined): Promise<boolean> {
  if (!pid || !port) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it lives, as another user.
    if (!(error instanceof Error && "code" in error && error.code === "EPERM")) return false;
  }
  const socket = connect(port, "127.0.0.1");
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
