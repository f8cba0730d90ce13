import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type DynaliteTable, dynaliteTable } from "../support/dynalite-table.ts";
import { runEventSource } from "../support/event-source.ts";
import { type Emulator, openKinesalite } from "../support/kinesalite.ts";
import { type Lambda, lambda } from "../support/lambda-process.ts";
import { objectStore } from "../support/object-store.ts";
import { temporaryFolder } from "../support/skua-server.ts";
import { templateFunctions } from "../support/template-functions.ts";

/** The files for `sam local invoke`, and the functions of the template that they are for. */
const EVENTS = join(import.meta.dirname, "../events");
const event = (name: string): unknown => JSON.parse(readFileSync(join(EVENTS, `${name}.json`), "utf8"));

const folder = temporaryFolder();
let kinesis: Emulator;
let table: DynaliteTable;
let store: Awaited<ReturnType<typeof objectStore>>;
let functions: Record<string, Lambda>;

beforeAll(async () => {
  [kinesis, table, store] = await Promise.all([openKinesalite(), dynaliteTable(), objectStore()]);
  await Promise.all(["spans", "file"].map((name) => kinesis.createStream(name, 1)));
  // Whoever may call is let in: a function that is called without its URL has no credential to look at.
  const made = templateFunctions(folder.path, { "skua:ingestAuth": "iam", "skua:queryAuth": "iam" });
  const elsewhere = {
    ...{ AWS_REGION: "us-east-1", AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" },
    ...{ AWS_ENDPOINT_URL_KINESIS: kinesis.url, AWS_ENDPOINT_URL_DYNAMODB: table.url },
    AWS_ENDPOINT_URL_S3: store.url,
    // Nothing is to call it.
    AWS_ENDPOINT_URL_LAMBDA: "http://127.0.0.1:9",
    ...{ STREAM_NAME: "spans", TABLE_NAME: table.table, QUARANTINE_BUCKET: "quarantine" },
  };
  // The files grow older; and the number of a record in them is lower than any that a stream gives now.
  const ofFiles = { STREAM_NAME: "file", RETENTION_HOURS: "200000" };
  const start = (name: string, more: Readonly<Record<string, string>> = {}): Lambda => {
    const code = made[name];
    if (code === undefined) throw new Error(`the template has no function ${name}`);
    return lambda({ ...code, env: { ...code.env, ...elsewhere, ...more } });
  };
  functions = {
    ...Object.fromEntries(Object.keys(made).map((name) => [name, start(name)])),
    ...{ FileIndexer: start("Indexer", ofFiles), Merge: start("Merge", ofFiles) },
  };
}, 120_000);

afterAll(async () => {
  await Promise.all(Object.values(functions).map((one) => one.stop()));
  await Promise.all([kinesis.close(), table.close(), store.close()]);
  folder.remove();
});

const invoke = async (name: string, given: unknown): Promise<unknown> => {
  const one = functions[name];
  if (one === undefined) throw new Error(`there is no function ${name}`);
  return one.invoke(given);
};

/** As a function URL hands it on: of the one that streams, what stands behind the prelude. */
function answered(answer: unknown): { statusCode: number; body: string } {
  if (typeof answer !== "string") {
    const { statusCode, body } = answer as { statusCode: number; body: string };
    return { statusCode, body: Buffer.from(body, "base64").toString() };
  }
  const [prelude = "", body = ""] = answer.split("\0".repeat(8));
  return { statusCode: JSON.parse(prelude).statusCode, body };
}

test("spans that the ingest events bring are in the stream, and answered as OTLP answers", async () => {
  expect(answered(await invoke("Ingest", event("ingest-json")))).toEqual({
    statusCode: 200,
    body: '{"partialSuccess":{}}',
  });
  expect(answered(await invoke("Ingest", event("ingest-protobuf")))).toEqual({ statusCode: 200, body: "" });
});

test("what the stream then brings to the indexer is what the query events find", async () => {
  await runEventSource({
    ...{ client: kinesis.client, stream: "spans", disturb: { isRepeated: () => false, recut: (records) => records } },
    settings: {
      ...{ batchSize: 10_000, windowMillis: 100, bisect: false, reportItemFailures: false },
      ...{ retries: -1, maxAgeMillis: -1, parallelization: 1 },
    },
    invoke: (batch) => invoke("Indexer", batch),
    isDone: (seen) => seen.size === 2,
  });
  const trace = answered(await invoke("Query", event("query-trace")));
  expect(trace.statusCode).toBe(200);
  const [found] = JSON.parse(trace.body).data;
  expect([found.traceID, found.spans[0].operationName]).toEqual(["4bf92f3577b34da6a3ce929d0e0e4736", "GET /basket"]);
  const search = answered(await invoke("Query", event("query-search")));
  const ids = JSON.parse(search.body).data.map(({ traceID }: { traceID: string }) => traceID);
  expect(ids.toSorted()).toEqual(["0af7651916cd43dd8448eb211c80319c", "4bf92f3577b34da6a3ce929d0e0e4736"]);
});

test("the indexer takes a batch from a file, and the merge event closes its hour", async () => {
  const partitions = async (kind: string) =>
    (await table.stored()).map(({ pk }) => pk).filter((pk) => pk.startsWith(kind));
  expect(await partitions("S#default#498708")).toEqual([]);
  await invoke("FileIndexer", event("indexer-kinesis"));
  expect(await partitions("S#default#498708")).toHaveLength(1);
  await invoke("Merge", event("merge"));
  expect(await partitions(`H#default#${Math.floor(498_708 / 24)}`)).not.toEqual([]);
  expect(store.objects.size).toBe(0);
});

test("the clock's event has rollup look for what there is to do", async () => {
  await invoke("Rollup", event("rollup-schedule"));
  expect((await table.stored()).some(({ pk }) => pk.startsWith("U"))).toBe(true);
});

test("every file was used", () => {
  const names = readdirSync(EVENTS).map((name) => name.replace(".json", ""));
  const text = readFileSync(import.meta.filename, "utf8");
  expect(names.filter((name) => !text.includes(`event("${name}")`) && name !== "environment")).toEqual([]);
});
