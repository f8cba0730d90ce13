import type { Clock } from "../../model/time.ts";
import type { HeadLoader } from "./heads.ts";
import type { PartLoader } from "./parts.ts";

/** What every question is answered from. */
export interface Stores {
  readonly heads: HeadLoader;
  readonly parts: PartLoader;
  readonly clock: Clock;
  readonly retentionHours: number;
}
