import type { Log } from "../../lib/runtime/log.ts";
import type { Exposition } from "../../lib/runtime/prometheus.ts";
import type { Reach } from "./backends.ts";
import { type Kept, keepRunning } from "./keep-running.ts";
import { startThread } from "./thread.ts";

export interface IndexerData {
  readonly kinesis: Reach;
  readonly dynamo: Reach;
  readonly stream: string;
  /** Whose spans the stream brings, when others than our ingest write it. */
  readonly foreignTenant?: string;
  readonly table: string;
  readonly retentionHours: number;
  readonly quarantine: string;
  /** Then nobody else can read the stream: a try before ours is surely dead. */
  readonly isKinesisEmbedded: boolean;
  readonly isDynamoEmbedded: boolean;
  /** Log lines as people or as programs read them. */
  readonly isTerminal: boolean;
}

/** Longer than a plan of the largest size takes: a try that takes longer may be going round for ever. */
export const TRY_MILLIS = 60_000;

/** A thread tells each second: one that does not for so long is dead, or kept from it, and what waits grows older. */
const SILENT_MILLIS = 5_000;

/** A plan of 32 MiB takes at most half of it. */
const HEAP_MEGABYTES = 256;

/**
 * Keeps an indexer running. When a record kills its thread, or never lets it end, another one takes over where that one
 * was, which is how the record is found in the end and set aside.
 */
export function keepIndexing(data: IndexerData, log: Log, metrics: Exposition): Promise<Kept> {
  const labels = { stream: data.stream };
  const take = metrics.samplesOf("indexer", labels);
  const measure = metrics.measureOf("indexer", labels);
  let told = { ageMillis: 0, atMillis: Date.now() };
  metrics.show("indexer", () => {
    const silent = Date.now() - told.atMillis;
    const age = told.ageMillis + (silent > SILENT_MILLIS ? silent : 0);
    return [{ metric: "skua_iterator_age", labels, values: [age] }];
  });
  return keepRunning(
    () =>
      startThread({
        file: new URL("./indexer-worker.ts", import.meta.url),
        data,
        heapMegabytes: HEAP_MEGABYTES,
        taskMillis: TRY_MILLIS,
        onMeasured: (news) => {
          take(news.measured);
          told = { ageMillis: news.ageMillis, atMillis: Date.now() };
        },
      }),
    (error) => {
      measure("skua_failures", 1);
      log.error("the indexer ended; starting it again", { error });
    },
  );
}
