import { setTimeout as pause } from "node:timers/promises";
import type { Sleep } from "../../lib/runtime/retry.ts";

export const sleep: Sleep = async (millis, signal) => {
  await pause(millis, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
};
