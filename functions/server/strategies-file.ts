import type { Log } from "../../lib/runtime/log.ts";
import { KEEP_ALL, readStrategies, type Strategies } from "../../lib/sampling/strategies.ts";
import { type ReloadedFile, reloadedFile } from "./reloaded-file.ts";

export interface StrategiesFile {
  readonly strategies: Strategies;
  /** As it was written. */
  readonly text: string;
}

/** What Jaeger's own reader takes for the same as none: one that keeps everything. */
const NO_FILE: StrategiesFile = {
  strategies: KEEP_ALL,
  text: JSON.stringify({ default_strategy: { type: "probabilistic", param: 1 } }),
};

/** @param path empty when there is none. @throws Usage when what it holds is wrong */
export function openStrategies(path: string, log: Log): ReloadedFile<StrategiesFile> {
  if (path === "") return { current: () => NO_FILE, close: () => undefined };
  return reloadedFile(path, (text, source) => ({ strategies: readStrategies(text, source), text }), log);
}
