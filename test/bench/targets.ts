/** One figure of a case: what it is called, and within which bounds it must lie. */
export interface Target {
  readonly figure: string;
  readonly what: string;
  readonly unit: string;
  readonly atLeast?: number;
  readonly atMost?: number;
  /** Relative to a baseline of the same run: binding on every machine. */
  readonly isRatio?: boolean;
}

export interface Case {
  readonly name: string;
  /** File in this folder, and its arguments. */
  readonly command: string;
  readonly runs: number;
  readonly targets: readonly Target[];
}

const RUNS = 5;

/** The budgets are for spans of ordinary content; random bytes cost what compressing them costs. */
const ingest = (name: string, set: number): Case => ({
  name,
  command: `ingest-cpu.ts ${set}`,
  runs: RUNS,
  targets: [
    {
      figure: "spansPerSecond",
      what: "ingest, spans a second of one core",
      unit: "spans/s",
      ...(set === 0 ? { atLeast: 300_000 } : {}),
    },
    {
      figure: "timesProtobufjs",
      what: "ingest, times as fast as protobufjs' decode and encode",
      unit: "×",
      ...(set === 0 ? { atLeast: 4, isRatio: true } : {}),
    },
    {
      figure: "timesCompression",
      what: "ingest, times the CPU of gunzip and zstd alone",
      unit: "×",
      atMost: 1.6,
      isRatio: true,
    },
    { figure: "bytesPerSpan", what: "size of a span as sent", unit: "B" },
  ],
});

const indexer = (name: string, set: number): Case => ({
  name,
  command: `indexer-cpu.ts ${set}`,
  runs: RUNS,
  targets: [
    {
      figure: "spansPerSecond",
      what: "indexer, spans a second of one core, AWS SDK included",
      unit: "spans/s",
      ...(set === 0 ? { atLeast: 120_000 } : {}),
    },
    {
      figure: "timesDecode",
      what: "indexer, times the CPU of protobufjs' decode alone",
      unit: "×",
      ...(set === 0 ? { atMost: 1.7, isRatio: true } : {}),
    },
  ],
});

/** The table's charge is counted, not timed: one run says all. */
const size = (name: string, command: string, units: number | undefined, timesZstd: number | undefined): Case => ({
  name,
  command: `store-size.ts ${command}`,
  runs: 1,
  targets: [
    {
      figure: "unitsPerSpan",
      what: "write units a span, all in; of full plans without merges, which are measured apart",
      unit: "WRU",
      ...(units === undefined ? {} : { atMost: units }),
    },
    {
      figure: "timesZstd",
      what: "before merges, times the units that zstd 6 of the same bytes would take, 256 KiB at a time",
      unit: "×",
      ...(timesZstd === undefined ? {} : { atMost: timesZstd, isRatio: true }),
    },
    { figure: "bytesPerSpan", what: "stored bytes a span", unit: "B", ...(units === 0.11 ? { atMost: 115 } : {}) },
    { figure: "spans", what: "spans a plan", unit: "" },
    ...["pages", "terms", "rows", "heads", "counts", "names", "merges", "other"].map((figure) => ({
      figure,
      what: `of it ${figure}`,
      unit: "WRU",
    })),
  ],
});

interface ReadBudget {
  readonly what: string;
  readonly trips?: number;
  readonly kilobytes?: number;
}

const READS: Readonly<Record<string, ReadBudget>> = {
  traceById: { what: "trace by id", trips: 3, kilobytes: 2000 },
  absentId: { what: "absent id", trips: 3, kilobytes: 2000 },
  lastHour: { what: "service, last hour, limit 20", trips: 5, kilobytes: 4000 },
  lastHourOperation: { what: "and an operation" },
  lastHourTag: { what: "and a tag" },
  lastHourSlow: { what: "and a minimum duration" },
  serviceWeek: { what: "service, seven days, limit 20" },
  rareTagWeek: { what: "rare tag, seven days", trips: 5 },
};

/** Milliseconds, p95. */
interface AnswerBudget {
  readonly what: string;
  readonly p50?: number;
  readonly p95?: number;
}

const ANSWERS: Readonly<Record<string, AnswerBudget>> = {
  unmerged: { what: "search of 20 whole traces, right after the load, while it is merged" },
  byId: { what: "trace by id", p95: 25 },
  absentId: { what: "absent id", p95: 25 },
  search: { what: "search of 20 whole traces", p50: 30, p95: 60 },
  searchTag: { what: "and a tag", p50: 30, p95: 60 },
  searchOperation: { what: "and an operation", p50: 30, p95: 60 },
  searchSlow: { what: "and a minimum duration", p50: 30, p95: 60 },
  rareTag: { what: "rare tag", p95: 30 },
  summaries: { what: "20 summaries", p95: 30 },
  dependencies: { what: "dependencies of 24 hours", p95: 50 },
  services: { what: "services", p95: 5 },
  operations: { what: "operations", p95: 5 },
};

interface DoorBudget {
  readonly what: string;
  /** CPU, relative to OTLP/HTTP: gRPC-web must not cost more than framing does; the others' show when one becomes slow. */
  readonly timesHttp?: number;
}

/** OTLP and gRPC compressed with gzip, the others not, as their clients send. */
const DOORS: Readonly<Record<string, DoorBudget>> = {
  otlpHttp: { what: "OTLP/HTTP" },
  otlpJson: { what: "OTLP/HTTP, JSON", timesHttp: 10 },
  otlpGrpcWeb: { what: "OTLP gRPC-web", timesHttp: 1.3 },
  otlpGrpcWebText: { what: "OTLP gRPC-web, text", timesHttp: 1.5 },
  otlpGrpc: { what: "OTLP gRPC, HTTP/2 and socket included", timesHttp: 3 },
  jaegerGrpc: { what: "Jaeger gRPC, HTTP/2 and socket included", timesHttp: 6 },
  jaegerGrpcWeb: { what: "Jaeger gRPC-web", timesHttp: 5 },
  jaegerBinary: { what: "Jaeger Thrift over HTTP, binary", timesHttp: 5 },
  jaegerCompact: { what: "Jaeger Thrift over HTTP, compact", timesHttp: 5 },
  udpBinary: { what: "Jaeger's datagrams, binary, without their socket", timesHttp: 5 },
  udpCompact: { what: "Jaeger's datagrams, compact, without their socket", timesHttp: 5 },
  zipkinV1Json: { what: "Zipkin v1, JSON", timesHttp: 8 },
  zipkinV1Thrift: { what: "Zipkin v1, Thrift", timesHttp: 7 },
  zipkinV2Json: { what: "Zipkin v2, JSON", timesHttp: 6 },
  zipkinV2Proto: { what: "Zipkin v2, protobuf", timesHttp: 5 },
};

const atMost = (value: number | undefined) => (value === undefined ? {} : { atMost: value });

const FUNCTIONS = ["ingest", "query", "indexer", "rollup", "merge"];

/** An hour of 3.6 M spans, in so many segments of so many spans. */
const merge = (name: string, segments: number, spans: number): Case => ({
  name,
  command: `merge.ts ${segments} ${spans}`,
  runs: 1,
  targets: [
    { figure: "cpuSeconds", what: "CPU of merging the hour", unit: "s", atMost: 10 },
    {
      ...{
        figure: "timesInflating",
        what: "times the CPU of reading its parts and inflating them in one shot",
        unit: "×",
      },
      ...{ atMost: 10, isRatio: true },
    },
    { figure: "peakMegabytes", what: "peak memory", unit: "MB", atMost: 512 },
    { figure: "unitsPerSpan", what: "write units a span", unit: "WRU", atMost: 0.011 },
    { figure: "termPartBytes", what: "a part of the terms, mean", unit: "B" },
    { figure: "tracePartBytes", what: "a part of the trace ids, mean", unit: "B" },
    { figure: "inputBytes", what: "the table of inputs", unit: "B" },
  ],
});

/** A million spans, from five minutes before that minute of an hour on; sent from then on. */
const queries = (name: string, minute: number): Case => ({
  name,
  command: `queries.ts 1000000 200 ${minute}`,
  runs: 1,
  targets: Object.entries(ANSWERS).flatMap(([figure, { what, p50, p95 }]): Target[] => [
    { figure: `${figure}.p50`, what: `${what}: median`, unit: "ms", ...atMost(p50) },
    { figure: `${figure}.p95`, what: `${what}: p95`, unit: "ms", ...atMost(p95) },
    // Whoever asks first waits until what came since is joined.
    ...(figure === "dependencies" ? [{ figure: `${figure}.first`, what: `${what}: the first`, unit: "ms" }] : []),
  ]),
});

export const CASES: readonly Case[] = [
  ingest("ingest", 0),
  ingest("ingest, 30 % random", 1),
  {
    name: "doors",
    command: "doors.ts",
    // Each door's process takes the least of seven itself.
    runs: 1,
    targets: Object.entries(DOORS).flatMap(([door, { what, timesHttp }]): Target[] => [
      { figure: `${door}.perMillion`, what: `${what}: CPU a million spans`, unit: "s" },
      ...(timesHttp === undefined
        ? []
        : [
            {
              ...{ figure: `${door}.timesHttp`, what: `${what}: times the CPU of OTLP/HTTP`, unit: "×" },
              ...{ atMost: timesHttp, isRatio: true },
            },
          ]),
    ]),
  },
  indexer("indexer", 0),
  indexer("indexer, 30 % random", 1),
  size("full plans, traces of 2", "full 2 0", 0.11, 1.7),
  size("full plans, traces of 10", "full 10 0", 0.11, 1.7),
  size("full plans, traces of 100", "full 100 0", 0.11, 1.7),
  size("full plans, 30 % random", "full 10 0.3", undefined, 1.4),
  size("ten spans a second", "slow", 0.3, undefined),
  merge("merge of an hour, full plans", 62, 58_000),
  merge("merge of an hour, small segments", 720, 5_000),
  {
    name: "dependencies at 5,000 spans a second",
    command: "dependencies.ts 600",
    runs: 1,
    targets: [
      { figure: "spans", what: "spans of the hour under way", unit: "" },
      { figure: "wrong", what: "calls that differ from the whole traces'", unit: "", atMost: 0, isRatio: true },
      { figure: "coldMillis", what: "the first answer, table in memory", unit: "ms" },
      { figure: "warmMillis", what: "the next, a minute later", unit: "ms" },
      { figure: "rolls", what: "rolls of the hour so far", unit: "" },
      { figure: "rollSeconds", what: "CPU of these", unit: "s" },
      { figure: "unitsPerSpan", what: "write units a span, of these", unit: "WRU" },
    ],
  },
  {
    name: "all-in-one",
    command: "all-in-one.ts",
    runs: 3,
    targets: [
      { figure: "spansPerSecond", what: "a million spans, sent until searchable", unit: "spans/s", atLeast: 40_000 },
      { figure: "acceptedPerSecond", what: "until the last 200", unit: "spans/s" },
      { figure: "cpuPerMillion", what: "CPU a million spans, both emulators included", unit: "s" },
      { figure: "timesDecode", what: "times the CPU of protobufjs' decode alone", unit: "×", atMost: 8, isRatio: true },
      { figure: "peakMegabytes", what: "peak memory", unit: "MB", atMost: 1000 },
    ],
  },
  {
    name: "Jaeger's clients by UDP",
    command: "udp.ts",
    runs: 1,
    targets: [
      { figure: "sentPerSecond", what: "datagrams a second, for ten seconds", unit: "", atLeast: 4_900 },
      { figure: "lost", what: "spans lost of 50,000", unit: "", atMost: 0, isRatio: true },
    ],
  },
  {
    name: "memory of a full plan",
    command: "full-plan.ts tiny",
    runs: 1,
    targets: [{ figure: "peakMegabytes", what: "656,000 spans of nothing but ids, peak", unit: "MB", atMost: 884 }],
  },
  {
    name: "functions",
    command: "bundle.ts",
    runs: 1,
    targets: FUNCTIONS.flatMap((name) => [
      { figure: `${name}Bytes`, what: `${name}: bundle`, unit: "B", ...(name === "ingest" ? { atMost: 500_000 } : {}) },
      { figure: `${name}InitMillis`, what: `${name}: from loading to a handler`, unit: "ms", atMost: 150 },
      {
        ...{ figure: `${name}TimesClients`, what: `${name}: times the CPU of the AWS clients alone`, unit: "×" },
        ...{ atMost: 1.4, isRatio: true },
      },
    ]),
  },
  {
    name: "visible",
    command: "visible.ts",
    runs: 3,
    targets: [
      { figure: "startToSearchable", what: "npm start to the first span searchable", unit: "ms", atMost: 5000 },
      { figure: "p50", what: "200 to searchable by id and by search, median", unit: "ms", atMost: 1000 },
      { figure: "slowest", what: "the slowest of twenty", unit: "ms" },
    ],
  },
  {
    name: "reads",
    command: "reads.ts",
    runs: 1,
    targets: Object.entries(READS).flatMap(([figure, { what, trips, kilobytes }]): Target[] => [
      // What is read follows from the data, not from the machine.
      { figure: `${figure}.roundTrips`, what: `${what}: round trips`, unit: "", ...atMost(trips), isRatio: true },
      { figure: `${figure}.gets`, what: `${what}: items asked for`, unit: "" },
      { figure: `${figure}.kilobytes`, what: `${what}: bytes`, unit: "kB", ...atMost(kilobytes), isRatio: true },
    ]),
  },
  queries("queries", 40),
  // Spans of the hour that has just ended and of this one, sent while a minute turns: neither is left in parts.
  queries("queries, after an hour's turn", 3.8),
];
