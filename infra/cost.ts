import { DOLLARS } from "./prices.ts";
import { SIZES } from "./sizes.ts";

/** What is sent, and the settings that its price depends on. */
export interface Load {
  readonly spansPerSecond: number;
  /** Of a span as it is sent. */
  readonly bytesPerSpan: number;
  /** As many as an agent sends at once. */
  readonly spansPerRequest: number;
  readonly retentionDays: number;
  readonly batchWindowSeconds: number;
  readonly streamMode: "provisioned" | "on-demand";
  /** Provisioned ones; undefined: as few as the load fits into. */
  readonly shards: number | undefined;
  /** Services that are watched, with both thresholds. */
  readonly alerts: number;
}

export interface Cost {
  /** Dollars a month, by what they are for. */
  readonly items: Readonly<Record<string, number>>;
  readonly perMonth: number;
  /** Undefined when nothing is sent. */
  readonly perMillionSpans: number | undefined;
  readonly shards: number;
}

const SECONDS_PER_MONTH = 730 * 3600;
const GIB = 1024 ** 3;

/** What `npm run bench` measures on spans of {@link MEASURED_BYTES} (docs/performance.md). */
const MEASURED_BYTES = 565;
/** Write units of a span in a full plan, and of a plan beside its spans: 49.9 spans a plan take 0.281 each. */
const UNITS_PER_SPAN = 0.104;
const UNITS_PER_PLAN = 8.9;
const STORED_BYTES_PER_SPAN = 102;
const STORED_BYTES_PER_PLAN = 5_200;
const SPANS_PER_FULL_PLAN = 58_000;
const INGEST_SPANS_PER_CPU_SECOND = 336_000;
const INDEXER_SPANS_PER_CPU_SECOND = 61_000;

/** What zstd makes of a request of spans of the same services; and what a shard takes. */
const COMPRESSION = 4;
const SHARD_BYTES_PER_SECOND = 1_000_000;
const PUT_UNIT_BYTES = 25 * 1024;

/** Guesses, on the high side: a put's round trips; an indexer's, some eight one after the other; a look of rollup; a merge. */
const INGEST_WAIT_SECONDS = 0.03;
const INDEXER_WAIT_SECONDS = 0.25;
const ROLLUP_SECONDS = 0.15;
const MERGE_SECONDS_PER_MILLION = 5;

/** A line of metrics and Lambda's own three of a call. */
const LOG_BYTES_PER_CALL = 1_800;
/** With every function at work: what lib/runtime/metrics.ts names for each, and a few reasons. */
export const METRICS = 19;
/** Of a stack without a second stream. */
export const ALARMS = 12;
/** Of a watched service, put each minute. */
export const METRICS_OF_ALERT = 3;
export const ALARMS_OF_ALERT = 2;
/** A warm process reads the secret once a minute; 10,000 reads are 5 cents. */
const DOLLARS_PER_WARM_MONTH = (SECONDS_PER_MONTH / 60) * (0.05 / 10_000);
/** Each minute rollup looks: two queries and one a stream, a read unit each. */
const IDLE_READS_PER_MINUTE = 3;
const MINUTES_PER_MONTH = SECONDS_PER_MONTH / 60;

/** A month of this load, in dollars of us-east-1, without anything that the account has for free. */
export function costOf(load: Load): Cost {
  const { spansPerSecond, bytesPerSpan, spansPerRequest, retentionDays } = load;
  const spans = spansPerSecond * SECONDS_PER_MONTH;
  const requests = spans / spansPerRequest;
  const shards =
    load.shards ?? Math.max(1, Math.ceil((spansPerSecond * bytesPerSpan) / COMPRESSION / SHARD_BYTES_PER_SECOND));
  const plans = plansOf(load, shards);
  const scale = bytesPerSpan / MEASURED_BYTES;
  const writeUnits = spans * UNITS_PER_SPAN * scale + plans * UNITS_PER_PLAN;
  const storedBytes = spans * STORED_BYTES_PER_SPAN * scale + plans * STORED_BYTES_PER_PLAN;
  const calls = requests + plans + MINUTES_PER_MONTH;
  const items = {
    stream: streamDollars(load, shards, requests),
    "table, writes": writeUnits * DOLLARS.writeUnit,
    "table, storage": ((storedBytes / GIB) * DOLLARS.tableGibMonth * retentionDays) / (SECONDS_PER_MONTH / 86_400),
    "table, idle reads": MINUTES_PER_MONTH * IDLE_READS_PER_MINUTE * DOLLARS.readUnit,
    ingest: lambda("ingest", requests, INGEST_WAIT_SECONDS + spansPerRequest / INGEST_SPANS_PER_CPU_SECOND),
    indexer:
      plans === 0 ? 0 : lambda("indexer", plans, INDEXER_WAIT_SECONDS + spans / plans / INDEXER_SPANS_PER_CPU_SECOND),
    "rollup and merge":
      lambda("rollup", MINUTES_PER_MONTH, ROLLUP_SECONDS) +
      (spans / 1_000_000) * MERGE_SECONDS_PER_MILLION * gigabytes("merge") * DOLLARS.lambdaGbSecond,
    logs: ((calls * LOG_BYTES_PER_CALL) / GIB) * DOLLARS.logGib,
    metrics: ((spans === 0 ? 0 : METRICS) + load.alerts * METRICS_OF_ALERT) * DOLLARS.metricMonth,
    alarms: (ALARMS + load.alerts * ALARMS_OF_ALERT) * DOLLARS.alarmMonth,
    "secret of tokens": DOLLARS.secretMonth + (spans === 0 ? 0 : DOLLARS_PER_WARM_MONTH),
  };
  const perMonth = Object.values(items).reduce((sum, dollars) => sum + dollars, 0);
  return { items, perMonth, shards, perMillionSpans: spans === 0 ? undefined : perMonth / (spans / 1_000_000) };
}

/** One a window and shard while spans come, fewer where windows stay empty, more where a plan is full before. */
function plansOf({ spansPerSecond, batchWindowSeconds }: Load, shards: number): number {
  const spans = spansPerSecond * SECONDS_PER_MONTH;
  const windows = (SECONDS_PER_MONTH / batchWindowSeconds) * shards;
  return Math.max(Math.min(windows, spans), spans / SPANS_PER_FULL_PLAN);
}

/** A request's spans go to all shards, a record each. */
function streamDollars({ streamMode, bytesPerSpan, spansPerRequest }: Load, shards: number, requests: number): number {
  const bytes = (bytesPerSpan * spansPerRequest) / COMPRESSION;
  if (streamMode === "on-demand") {
    const gib = (requests * shards * Math.ceil(bytes / shards / 1024) * 1024) / GIB;
    return DOLLARS.streamHour * 730 + gib * (DOLLARS.streamGibIn + DOLLARS.streamGibOut);
  }
  const units = requests * shards * Math.ceil(bytes / shards / PUT_UNIT_BYTES);
  return shards * DOLLARS.shardHour * 730 + units * DOLLARS.putUnit;
}

const gigabytes = (name: keyof typeof SIZES): number => SIZES[name].memoryMegabytes / 1024;

const lambda = (name: keyof typeof SIZES, calls: number, seconds: number): number =>
  calls * (DOLLARS.lambdaRequest + seconds * gigabytes(name) * DOLLARS.lambdaGbSecond);
