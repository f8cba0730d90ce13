import { type Alert, readAlerts } from "../../lib/runtime/alerts.ts";
import type { Log } from "../../lib/runtime/log.ts";
import { type ReloadedFile, reloadedFile } from "./reloaded-file.ts";

/** @param path empty when there is none. @throws Usage when what it holds is wrong */
export function openAlerts(path: string, log: Log): ReloadedFile<readonly Alert[]> {
  if (path === "") return { current: () => [], close: () => undefined };
  return reloadedFile(path, readAlerts, log);
}
