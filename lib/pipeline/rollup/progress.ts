import { TracingError } from "../../model/errors.ts";
import { MILLIS_PER_HOUR } from "../../model/time.ts";
import type { Registers } from "../../store/items.ts";
import { hourTtl, minuteOf, ROLLUP_KEY } from "../../store/keys.ts";
import { decodeRollupState, encodeRollupState, type RollupState } from "../../store/rollup-states.ts";

/** How far rollup is, as this run read or wrote it last. */
export interface Progress {
  readonly state: RollupState;
  /** Throws TracingError unavailable when another run wrote it meanwhile: that one goes on. */
  advance(change: Partial<RollupState>): Promise<void>;
}

/** Where nothing is known yet the work list is read from here on; what was indexed before stays as it is. */
const FIRST_MINUTES = 120;

/** Longer than any hour that it speaks of is kept: clocks differ, and spans may start ahead of them. */
const SPARE_HOURS = 48;

export interface ProgressOptions {
  readonly nowMillis: number;
  /** When the newest plan was made, milliseconds since the epoch. */
  readonly newestMillis: number;
  readonly retentionHours: number;
}

export async function loadProgress(
  registers: Registers,
  { nowMillis, newestMillis, retentionHours }: ProgressOptions,
): Promise<Progress> {
  const found = await registers.load(ROLLUP_KEY);
  const minute = minuteOf(Math.min(nowMillis, newestMillis)) - FIRST_MINUTES;
  const first = { closed: -1, until: undefined, floor: 0, minute, rolled: -1 };
  let version = found?.version ?? 0;
  let state: RollupState = found === undefined ? first : decodeRollupState(found.body);
  const ttl = hourTtl(Math.floor(nowMillis / MILLIS_PER_HOUR) + SPARE_HOURS, retentionHours);
  return {
    get state() {
      return state;
    },
    async advance(change) {
      const next = { ...state, ...change };
      if (!(await registers.save(ROLLUP_KEY, { body: encodeRollupState(next), ttl, version: version + 1 })))
        throw new TracingError("unavailable", "another rollup is under way");
      version++;
      state = next;
    },
  };
}
