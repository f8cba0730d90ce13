import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { dirname, join, resolve } from "node:path";
import { reasonOf } from "./reason.ts";
import { Usage } from "./usage.ts";

export interface DataFolder {
  readonly path: string;
  /** Settles soon after the folder, or the lock in it, is no longer what this process took. */
  readonly lost: Promise<Usage>;
  /** Asks the file system. What was written to a folder that somebody deleted is nowhere. */
  isOurs(): boolean;
  /** From now on the folder counts as lost when this database in it is: LevelDB's file CURRENT is always there. */
  needs(database: string): void;
  release(): void;
}

/** How long a server may live without its folder; a look costs some 20 µs. */
const LOOK_MILLIS = 500;

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
  const needed: string[] = [];
  const isLocked = (): boolean => isLine(lock, line);
  const isOurs = (): boolean => isLocked() && needed.every((file) => existsSync(file));
  const watch = watchFor(() => !isOurs());
  return {
    path,
    lost: watch.seen.then(() => lostFolder(path)),
    isOurs,
    needs: (database) => void needed.push(join(database, "CURRENT")),
    release() {
      watch.stop();
      beacon.close();
      if (isLocked()) rmSync(lock, { force: true });
    },
  };
}

const lostFolder = (path: string): Usage =>
  new Usage(
    `--data ${path}: the folder, or part of it, is gone or no longer this server's; what is sent now could not be kept`,
    1,
  );

function isLine(file: string, line: string): boolean {
  try {
    return readFileSync(file, "utf8") === line;
  } catch {
    return false;
  }
}

function watchFor(is: () => boolean) {
  const { promise: seen, resolve } = Promise.withResolvers<void>();
  const timer = setInterval(() => is() && resolve(), LOOK_MILLIS).unref();
  return { seen, stop: () => clearInterval(timer) };
}

function createFolder(path: string): void {
  try {
    createPath(path);
  } catch (error) {
    throw new Usage(`--data ${path}: cannot be created (${reasonOf(error)})`, 1);
  }
}

/** Node's own recursion never ends below a folder that answers ENOENT to every mkdir, as /proc does. */
function createPath(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
  if (dirname(path) !== path) createPath(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    // Another server may have been quicker.
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}

function claim(lock: string, line: string): boolean {
  try {
    writeFileSync(lock, line, { flag: "wx" });
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw new Usage(`${lock}: cannot be written (${reasonOf(error)})`, 1);
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
