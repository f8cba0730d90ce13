// Deploys the stack, as it is, to an emulator that enforces its roles, sends a trace in and reads it back.
import { deepEqual, equal, match, ok } from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { assume, aws, resourcesOf } from "./aws.ts";
import { cdk } from "./cdk.ts";
import { makeCertificate } from "./certificate.ts";
import { installMiniStack, type MiniStack, startMiniStack } from "./ministack.ts";
import { type Call, send } from "./signed-request.ts";
import { runSteps, type Step, summary, type Tally } from "./tally.ts";
import { aTrace, type SentRequest, shown, tracesIn } from "./trace.ts";

const REGION = "us-east-1";
/** The emulator takes an access key of twelve digits for the account. */
const ACCOUNT = "111122223333";
const CREDENTIALS = { accessKeyId: ACCOUNT, secretAccessKey: "test" };
const STACK = "Skua-main";
/** From 200 OK to readable, with the batching window and cold functions. */
const VISIBLE_MILLIS = 60_000;

/** Until what was planned before an hour was closed is known to be done, which is seen once a minute. */
const CLOSED_MILLIS = 240_000;

const FOREIGN = Buffer.from("this is no record of ours");

const cache = new URL("../../.cache/deploy/", import.meta.url).pathname;

async function main(): Promise<Tally> {
  await mkdir(cache, { recursive: true });
  const program = await installMiniStack(cache);
  if (program === undefined) {
    console.log("skipped: the emulator needs Python 3 with venv, and openssl");
    return process.env.CI === "true" ? { passed: 0, failed: 1, skipped: 0 } : { passed: 0, failed: 0, skipped: 1 };
  }
  // Not below the project: its package.json would make ES modules of the emulator's own scripts.
  const folder = await mkdtemp(join(tmpdir(), "skua-deploy-"));
  const certificate = await makeCertificate(folder, REGION);
  const emulator = await startMiniStack({ program, folder, certificate, region: REGION });
  try {
    const tally = await runSteps(steps(emulator, folder));
    if (tally.failed === 0) await rm(folder, { recursive: true });
    else console.error(`logs: ${folder}`);
    return tally;
  } finally {
    await emulator.stop();
  }
}

function steps({ endpoint, door }: MiniStack, folder: string): Step[] {
  const env = {
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    AWS_REGION: REGION,
    NODE_EXTRA_CA_CERTS: door.certificate,
    AWS_CA_BUNDLE: door.certificate,
    CDK_DISABLE_VERSION_CHECK: "1",
  };
  const outputs = join(folder, "outputs.json");
  const urls = async () => JSON.parse(await readFile(outputs, "utf8"))[STACK];
  const admin = aws(door, CREDENTIALS);
  const trace = aTrace();
  const ingest = async (request: SentRequest, more: Partial<Call> = {}) =>
    send(door, { url: `${(await urls()).IngestUrl}v1/traces`, service: "lambda", ...request, ...more });
  const query = async (path: string, more: Partial<Call> = {}) =>
    send(door, { url: `${(await urls()).QueryUrl}${path}`, service: "lambda", ...more });
  const signed = { credentials: CREDENTIALS };

  return [
    {
      name: "the account is bootstrapped",
      isVital: true,
      run: () => cdk(["bootstrap", `aws://${ACCOUNT}/${REGION}`], { folder, env }),
    },
    {
      name: "the stack is deployed",
      isVital: true,
      run: () => cdk(["deploy", STACK, "--require-approval", "never", "--outputs-file", outputs], { folder, env }),
    },
    {
      name: "requests without a signature are refused at both URLs",
      run: async () => {
        for (const request of trace.requests) equal((await ingest(request)).status, 403);
        equal((await query("api/services")).status, 403);
      },
    },
    {
      name: "a record that is none of ours is put into the stream",
      run: async () => {
        const { Stream } = await resourcesOf(admin, STACK);
        const record = { StreamName: Stream, PartitionKey: "p", Data: FOREIGN.toString("base64") };
        const answer = await admin.json("kinesis", "Kinesis_20131202.PutRecord", record);
        equal(answer.status, 200, answer.text);
      },
    },
    {
      name: "signed requests with a trace are accepted whole",
      isVital: true,
      run: async () => {
        for (const request of trace.requests) {
          const { status, headers, text } = await ingest(request, signed);
          deepEqual([status, headers["content-type"]], [200, request.headers["content-type"]], text);
        }
      },
    },
    {
      name: "the trace is read back by its id, as it was sent",
      isVital: true,
      run: async () => {
        const answer = await until(
          () => query(`api/traces/${trace.id}`, signed),
          ({ status, text }) => status === 200 && tracesIn(text)[0]?.spans.length === trace.expected.length,
        );
        const [found, ...others] = tracesIn(answer.text);
        ok(found);
        deepEqual([found.traceID, shown(found, trace.expected), others], [trace.id, trace.expected, []]);
      },
    },
    {
      name: "the trace is found by service and tag, and its names are listed",
      run: async () => {
        const search = new URLSearchParams({ service: trace.service, tags: '{"db.system":"postgresql"}' });
        const answer = await query(`api/traces?${search}`, signed);
        deepEqual(
          tracesIn(answer.text).map(({ traceID }) => traceID),
          [trace.id],
        );
        ok(JSON.parse((await query("api/services", signed)).text).data.includes(trace.service));
        const operations = JSON.parse((await query(`api/services/${trace.service}/operations`, signed)).text).data;
        deepEqual(operations.toSorted(), ["GET /basket", "SELECT baskets"]);
      },
    },
    {
      name: "the record that is none of ours stands whole in the quarantine",
      run: async () => {
        const { Quarantine = "" } = await resourcesOf(admin, STACK);
        const keys = await admin.objects(Quarantine);
        const bodies = await Promise.all(keys.map((key) => admin.object(Quarantine, key)));
        ok(bodies.includes(FOREIGN.toString()), `${keys}`);
      },
    },
    {
      name: "a trace that nobody sent is not found",
      run: async () => equal((await query(`api/traces/${"ab".repeat(16)}`, signed)).status, 404),
    },
    {
      name: "a body that is no trace is the sender's fault",
      run: async () => {
        const request = { headers: { "content-type": "application/json" }, body: "{" };
        equal((await ingest(request, signed)).status, 400);
      },
    },
    {
      name: "rollup finds an hour that has long ended, and has it closed by a merge",
      run: async () => {
        const { Table, RollupFunction = "" } = await resourcesOf(admin, STACK);
        const hour = Math.floor(Date.now() / 3_600_000) - 3;
        const work = { pk: { S: `W#${Math.floor(Date.now() / 60_000)}` }, sk: { B: sortKey("default", hour) } };
        const item = { ...work, b: { B: base64("default") }, t: { N: String(Math.floor(Date.now() / 1000) + 86_400) } };
        equal(
          (await admin.json("dynamodb", "DynamoDB_20120810.PutItem", { TableName: Table, Item: item })).status,
          200,
        );
        // A plan that is made after it, so that rollup looks.
        const [request] = trace.requests;
        ok(request);
        equal((await ingest(request, signed)).status, 200);
        const summary = { pk: { S: `H#default#${Math.floor(hour / 24)}` }, sk: { B: sortKey("\0", hour) } };
        await until(
          async () => {
            // Its clock calls it too, where the emulator has one.
            const answer = await admin.call(RollupFunction);
            equal([answer.status, answer.headers["x-amz-function-error"]].join(), "200,", answer.text);
            await sleep(5_000);
            return admin.json("dynamodb", "DynamoDB_20120810.GetItem", { TableName: Table, Key: summary });
          },
          ({ text }) => text.includes('"Item"'),
          CLOSED_MILLIS,
        );
      },
    },
    {
      name: "the rollup role cannot see the stream, nor call any function but the merge",
      run: async () => {
        const { RollupRole = "", Stream, IndexerFunction = "" } = await resourcesOf(admin, STACK);
        const role = aws(door, await assume(admin, ACCOUNT, RollupRole));
        const list = await role.json("kinesis", "Kinesis_20131202.ListShards", { StreamName: Stream });
        match(list.text, /AccessDenied/);
        match((await role.call(IndexerFunction)).text, /AccessDenied/);
      },
    },
    {
      name: "the query role cannot write to the table or see the stream",
      run: async () => {
        const { QueryRole = "", Table, Stream } = await resourcesOf(admin, STACK);
        const role = aws(door, await assume(admin, ACCOUNT, QueryRole));
        const item = { pk: { S: "S#default#0" }, sk: { B: "AAAA" } };
        const put = await role.json("dynamodb", "DynamoDB_20120810.PutItem", { TableName: Table, Item: item });
        match(put.text, /AccessDenied/);
        const list = await role.json("kinesis", "Kinesis_20131202.ListShards", { StreamName: Stream });
        match(list.text, /AccessDenied/);
      },
    },
    {
      name: "the ingest role cannot read the stream or the table",
      run: async () => {
        const { IngestRole = "", Table, Stream } = await resourcesOf(admin, STACK);
        const role = aws(door, await assume(admin, ACCOUNT, IngestRole));
        const shard = { StreamName: Stream, ShardId: "shardId-000000000000", ShardIteratorType: "TRIM_HORIZON" };
        match((await role.json("kinesis", "Kinesis_20131202.GetShardIterator", shard)).text, /AccessDenied/);
        const key = { pk: { S: "C#default" }, sk: { B: "AAAA" } };
        const get = await role.json("dynamodb", "DynamoDB_20120810.GetItem", { TableName: Table, Key: key });
        match(get.text, /AccessDenied/);
      },
    },
    {
      name: "the stack is destroyed",
      run: () => cdk(["destroy", STACK, "--force"], { folder, env }),
    },
  ];
}

const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** A name and an hour, as keys hold them. */
function sortKey(name: string, hour: number): string {
  const bytes = Buffer.concat([Buffer.from(name), Buffer.alloc(4)]);
  bytes.writeUInt32BE(hour, bytes.length - 4);
  return bytes.toString("base64");
}

async function until<T>(
  attempt: () => Promise<T>,
  isDone: (value: T) => boolean,
  mostMillis = VISIBLE_MILLIS,
): Promise<T> {
  for (const end = Date.now() + mostMillis; ; ) {
    const value = await attempt();
    if (isDone(value)) return value;
    if (Date.now() > end) throw new Error(`not within ${mostMillis} ms; the last was ${JSON.stringify(value)}`);
    await sleep(500);
  }
}

const tally = await main().catch((error: unknown) => {
  console.error(error);
  return { passed: 0, failed: 1, skipped: 0 };
});
console.log(summary(tally));
process.exitCode = tally.failed === 0 ? 0 : 1;
