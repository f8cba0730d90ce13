import type { Log } from "../../lib/runtime/log.ts";
import { KEEP_ALL, KEEP_ALL_FILE, readStrategies, type Strategies } from "../../lib/sampling/strategies.ts";
import { type ReloadedFile, reloadedFile } from "./reloaded-file.ts";

export interface StrategiesFile {
  readonly strategies: Strategies;
  /** As it was written. */
  readonly text: string;
}

const NO_FILE: StrategiesFile = { strategies: KEEP_ALL, text: KEEP_ALL_FILE };

/** @param path empty when there is none. @throws Usage when what it holds is wrong */
export function openStrategies(path: string, log: Log): ReloadedFile<StrategiesFile> {
  if (path === "") return { current: () => NO_FILE, close: () => undefined };
  return reloadedFile(path, (text, source) => ({ strategies: readStrategies(text, source), text }), log);
}
