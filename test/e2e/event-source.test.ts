import { join } from "node:path";
import { PutRecordsCommand } from "@aws-sdk/client-kinesis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PARTITION_KEY } from "../../lib/stream/record.ts";
import { Random } from "../data/random.ts";
import { resourcesOf, synthesize } from "../infra/synth.ts";
import { recordCounts } from "../oracle/counts.ts";
import { madeRecords } from "../property/exactly-once-records.ts";
import { storedCounts } from "../property/exactly-once-world.ts";
import { type DynaliteTable, dynaliteTable } from "../support/dynalite-table.ts";
import { type Disturb, type EventSourceSettings, runEventSource } from "../support/event-source.ts";
import { type Emulator, openKinesalite } from "../support/kinesalite.ts";
import { type Lambda, lambda } from "../support/lambda-process.ts";
import { objectStore } from "../support/object-store.ts";

let kinesis: Emulator;
beforeAll(async () => {
  kinesis = await openKinesalite();
});
afterAll(() => kinesis.close());

const UNDISTURBED: Disturb = { isRepeated: () => false, recut: (records) => records };
const PLAIN: EventSourceSettings = {
  ...{ batchSize: 10, windowMillis: 50, bisect: false, reportItemFailures: false },
  ...{ retries: -1, maxAgeMillis: -1, parallelization: 1 },
};

let streams = 0;
async function aStream(texts: readonly string[], keyOf: (text: string) => string = () => "k"): Promise<string> {
  const stream = `stream-${streams++}`;
  await kinesis.createStream(stream, 1);
  await put(
    stream,
    texts.map((text) => ({ Data: Buffer.from(text), PartitionKey: keyOf(text) })),
  );
  return stream;
}

const put = async (StreamName: string, Records: { Data: Uint8Array; PartitionKey: string }[]) => {
  const { Records: results = [] } = await kinesis.client.send(new PutRecordsCommand({ StreamName, Records }));
  return results.map(({ SequenceNumber = "" }) => SequenceNumber);
};

interface PlainEvent {
  readonly Records: readonly { readonly kinesis: { readonly data: string; readonly sequenceNumber: string } }[];
}
const textsOf = ({ Records }: PlainEvent): string[] =>
  Records.map(({ kinesis: { data } }) => Buffer.from(data, "base64").toString());

/** Runs it over the texts with a handler that fails at "bad"; the batches that it was called with. */
async function batchesOf(stream: string, records: number, settings: Partial<EventSourceSettings>, answer?: unknown) {
  const batches: string[][] = [];
  const report = await runEventSource({
    ...{ client: kinesis.client, stream, settings: { ...PLAIN, ...settings }, disturb: UNDISTURBED },
    isDone: (seen) => seen.size >= records,
    invoke: async (event) => {
      const { Records } = event as PlainEvent;
      const texts = textsOf({ Records });
      batches.push(texts);
      const bad = texts.indexOf("bad");
      if (bad >= 0 && answer === undefined) throw new Error("bad");
      return bad < 0 ? null : { batchItemFailures: [{ itemIdentifier: Records[bad]?.kinesis.sequenceNumber }] };
    },
  });
  return { batches, report };
}

describe("the driver, as we read AWS's documentation", () => {
  test("waits for company, and cuts batches by size", async () => {
    const stream = await aStream(["a", "b", "c", "d", "e"]);
    const { batches } = await batchesOf(stream, 5, { batchSize: 2 });
    expect(batches).toEqual([["a", "b"], ["c", "d"], ["e"]]);
  });

  test("brings a failed batch again whole, and gives it up as a range after the retries", async () => {
    const stream = await aStream(["a", "bad", "c"]);
    const { batches, report } = await batchesOf(stream, 3, { retries: 2 });
    expect(batches).toEqual(Array.from({ length: 3 }, () => ["a", "bad", "c"]));
    expect(report.discarded).toMatchObject([{ batchSize: 3, condition: "RetryAttemptsExhausted" }]);
  });

  test("bisects until the record that fails is alone, at no cost in retries", async () => {
    const stream = await aStream(["a", "b", "bad", "d"]);
    const { batches, report } = await batchesOf(stream, 4, { retries: 0, bisect: true });
    expect(batches).toEqual([["a", "b", "bad", "d"], ["a", "b"], ["bad", "d"], ["bad"], ["d"]]);
    expect(report.discarded).toMatchObject([{ batchSize: 1 }]);
  });

  test("goes on from the lowest number that an answer names", async () => {
    const stream = await aStream(["a", "bad", "c"]);
    const { batches, report } = await batchesOf(stream, 3, { retries: 1, reportItemFailures: true }, "named");
    expect(batches).toEqual([
      ["a", "bad", "c"],
      ["bad", "c"],
    ]);
    expect(report.discarded).toMatchObject([{ batchSize: 2 }]);
  });

  test("gives up what has grown too old", async () => {
    const { report } = await batchesOf(await aStream(["bad"]), 1, { maxAgeMillis: 300 });
    expect(report.discarded).toMatchObject([{ condition: "RecordAgeExceeded" }]);
    expect(report.invocations).toBeGreaterThan(1);
  });

  test("keeps the order within a key when it works on several at once", async () => {
    const stream = await aStream(["a1", "b1", "a2", "b2", "a3"], (text) => text.slice(0, 1));
    const { batches } = await batchesOf(stream, 5, { parallelization: 10 });
    expect(batches.flat().filter((text) => text.startsWith("a"))).toEqual(["a1", "a2", "a3"]);
    expect(batches).toHaveLength(2);
  });
});

describe("the indexer behind an event source", { timeout: 180_000 }, () => {
  const HOUR = Math.floor(Date.now() / 3_600_000);
  const POISON = [Buffer.from("this is no record"), Buffer.from([1, 2, 3])];

  let store: Awaited<ReturnType<typeof objectStore>>;
  let table: DynaliteTable;
  beforeAll(async () => {
    store = await objectStore();
  });
  afterAll(() => store.close());

  /** As it is deployed, seconds as milliseconds: what the template says of the event source. */
  function deployed(): EventSourceSettings {
    const [[, mapping] = []] = resourcesOf(synthesize(), "AWS::Lambda::EventSourceMapping");
    const given = mapping?.Properties ?? {};
    return {
      batchSize: Number(given.BatchSize),
      windowMillis: Number(given.MaximumBatchingWindowInSeconds) * 20,
      bisect: given.BisectBatchOnFunctionError === true,
      reportItemFailures: given.FunctionResponseTypes !== undefined,
      retries: Number(given.MaximumRetryAttempts),
      maxAgeMillis: Number(given.MaximumRecordAgeInSeconds) * 1000,
      parallelization: Number(given.ParallelizationFactor),
    };
  }

  /** Several processes of the function; whichever is free takes the next call. */
  function pool(stream: string, size: number) {
    const credentials = { AWS_REGION: "us-east-1", AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" };
    const endpoints = {
      AWS_ENDPOINT_URL_KINESIS: kinesis.url,
      AWS_ENDPOINT_URL_DYNAMODB: table.url,
      AWS_ENDPOINT_URL_S3: store.url,
    };
    const names = { STREAM_NAME: stream, TABLE_NAME: table.table, QUARANTINE_BUCKET: "quarantine" };
    const code = {
      file: join(import.meta.dirname, "../../functions/indexer/handler.ts"),
      handler: "handler",
      env: { ...credentials, ...endpoints, ...names, RETENTION_HOURS: "168", TIMEOUT_SECONDS: "1" },
    };
    const all = Array.from({ length: size }, () => lambda(code));
    const free: Lambda[] = [...all];
    const waiting: ((one: Lambda) => void)[] = [];
    return {
      all,
      async use<T>(call: (one: Lambda) => Promise<T>): Promise<T> {
        const one = free.pop() ?? (await new Promise<Lambda>((found) => waiting.push(found)));
        try {
          return await call(one);
        } finally {
          const next = waiting.shift();
          if (next === undefined) free.push(one);
          else next(one);
        }
      },
      stop: () => Promise.all(all.map((one) => one.stop())),
    };
  }

  /** Puts records of ours with poison between them, in two generations of shards; what is no poison. */
  async function fill(stream: string, seed: number) {
    const made = madeRecords(new Random(seed), 40, HOUR, Date.now());
    const record = (data: Uint8Array) => ({ Data: data, PartitionKey: PARTITION_KEY });
    const [first = record(Buffer.alloc(0)), second = first] = POISON.map(record);
    const before = await put(stream, [...made.slice(0, 10).map(record), first, ...made.slice(10, 20).map(record)]);
    await kinesis.split(stream, "shardId-000000000000", 2n ** 127n);
    const after = await put(stream, [...made.slice(20, 30).map(record), second, ...made.slice(30).map(record)]);
    return { made, numbers: [...before, ...after], poison: [before[10], after[10]] };
  }

  async function expectOnce(seed: number, settings: EventSourceSettings, disturb: Disturb, deaths: number) {
    table = await dynaliteTable();
    store.objects.clear();
    const stream = `spans-${seed}`;
    await kinesis.createStream(stream, 1);
    const { made, numbers, poison } = await fill(stream, seed);
    const functions = pool(stream, 3);
    let left = deaths;
    try {
      const report = await runEventSource({
        ...{ client: kinesis.client, stream, settings, disturb },
        isDone: (seen) => numbers.every((number) => seen.has(number)),
        invoke: (event) =>
          functions.use(async (one) => {
            const answer = one.invoke(event);
            // In the middle of its work, as when its time is over.
            if (left-- > 0) setTimeout(one.kill, 30 * (left + 1));
            return answer;
          }),
      });
      expect(report.discarded).toEqual([]);
      expect(report.shards[0]).toBe("shardId-000000000000");
      const stored = await table.stored();
      expect(storedCounts({ stored: () => stored })).toEqual(recordCounts(made.map((data) => ({ data }))));
      const kept = [...store.objects].filter(([path]) => path.endsWith(".record"));
      expect(kept.map(([path]) => /(\d+)\.record$/.exec(path)?.[1]).toSorted()).toEqual(poison.toSorted());
      expect(kept.map(([, body]) => body).toSorted(Buffer.compare)).toEqual([...POISON].sort(Buffer.compare));
      return report;
    } finally {
      await functions.stop();
      await table.close();
    }
  }

  test("as deployed: nothing is lost or doubled, and poison is set aside, across a split and three deaths", async () => {
    const report = await expectOnce(1, deployed(), UNDISTURBED, 3);
    expect(report.failures).toBeGreaterThan(0);
  });

  test("when batches are small, cut otherwise after a failure, and come again beside others", async () => {
    const random = new Random(2);
    const disturb = { isRepeated: () => random.chance(0.4), recut: (records: number) => 1 + random.below(records) };
    const report = await expectOnce(2, { ...deployed(), batchSize: 4, windowMillis: 20 }, disturb, 2);
    expect(report.repeats).toBeGreaterThan(0);
  });

  test("when somebody has switched on bisecting, partial failures and parallel batches: they mean nothing to it", async () => {
    const settings = { ...deployed(), batchSize: 5, bisect: true, reportItemFailures: true, parallelization: 10 };
    await expectOnce(3, settings, UNDISTURBED, 2);
  });
});
