import { setTimeout as pause } from "node:timers/promises";
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { Clock } from "../../lib/model/time.ts";
import type { Log } from "../../lib/runtime/log.ts";
import { sweepTablePage } from "./table-sweep.ts";

/** Between two pages: sweeping stays below a tenth of a core. */
const PAGE_PAUSE_MILLIS = 1_000;
/** Between two passes over the table. Things expire by whole hours, so there is no hurry. */
const PASS_PAUSE_MILLIS = 600_000;

export interface SweeperParts {
  readonly dynamo: DynamoDBClient;
  readonly table: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Walks through the embedded table again and again, deleting what has expired, until the signal. */
export async function sweepTable({ dynamo, table, clock, log, signal }: SweeperParts): Promise<void> {
  let after: Awaited<ReturnType<typeof sweepTablePage>>["next"];
  let swept = 0;
  while (!signal.aborted) {
    try {
      const page = await sweepTablePage(dynamo, table, clock, after);
      after = page.next;
      swept += page.swept;
    } catch (error) {
      log.warn("could not sweep the table; will try again", { error });
    }
    if (after === undefined && swept > 0) {
      log.info("swept expired items", { items: swept });
      swept = 0;
    }
    await pause(after === undefined ? PASS_PAUSE_MILLIS : PAGE_PAUSE_MILLIS, undefined, { signal, ref: false }).catch(
      () => undefined,
    );
  }
}
