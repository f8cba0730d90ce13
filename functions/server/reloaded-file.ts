import { readFileSync, statSync } from "node:fs";
import { TracingError } from "../../lib/model/errors.ts";
import type { Log } from "../../lib/runtime/log.ts";
import { Usage } from "./usage.ts";

/** What a file holds now. */
export interface ReloadedFile<T> {
  current(): T;
  close(): void;
}

/** A file is looked at this often; who changes it waits for the second, and looking costs nothing. */
const LOOK_MILLIS = 1_000;

/**
 * Reads a file, and again whenever it changes; one that is wrong is told in the log and the last good one stays.
 * @param parse throws TracingError with what is wrong. @throws Usage when there is no good one to begin with
 */
export function reloadedFile<T>(path: string, parse: (text: string, source: string) => T, log: Log): ReloadedFile<T> {
  let seen = stampOf(path);
  let value = first(path, parse);
  const timer = setInterval(() => {
    const stamp = stampOf(path);
    if (stamp === seen) return;
    seen = stamp;
    try {
      value = parse(readFileSync(path, "utf8"), path);
      log.info("read a changed file", { path });
    } catch (error) {
      log.warn("a changed file is not taken: what it held before stays", { path, error });
    }
  }, LOOK_MILLIS);
  timer.unref();
  return { current: () => value, close: () => clearInterval(timer) };
}

/** Differs when the file does; empty while there is none. */
function stampOf(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? "" : `${stat.mtimeMs} ${stat.size} ${stat.ino}`;
}

function first<T>(path: string, parse: (text: string, source: string) => T): T {
  try {
    return parse(readFileSync(path, "utf8"), path);
  } catch (error) {
    if (error instanceof TracingError) throw new Usage(error.message);
    throw new Usage(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
