import { deepEqual, equal, ok } from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { accessTable, bearer, type Stage, until } from "./stage.ts";
import type { Step } from "./tally.ts";
import { aTrace, type SentRequest, shown, tracesIn } from "./trace.ts";

/** Until what was planned before an hour was closed is known to be done, which is seen once a minute. */
const CLOSED_MILLIS = 240_000;

const FOREIGN = Buffer.from("this is no record of ours");

/** A trace from its two requests to what Jaeger's API says of it, with what is none beside it. */
export function traceSteps(stage: Stage): Step[] {
  const trace = aTrace();
  const { admin } = stage;
  const credential = async () => bearer(String((await accessTable(stage)).firstToken)).headers;
  const ingest = async ({ headers, body }: SentRequest) =>
    stage.ingest("v1/traces", { body, headers: { ...headers, ...(await credential()) } });
  const query = async (path: string) => stage.query(path, { headers: await credential() });

  return [
    {
      name: "a record that is none of ours is put into the stream",
      run: async () => {
        const { Stream } = await stage.resources();
        const record = { StreamName: Stream, PartitionKey: "p", Data: FOREIGN.toString("base64") };
        const answer = await admin.json("kinesis", "Kinesis_20131202.PutRecord", record);
        equal(answer.status, 200, answer.text);
      },
    },
    {
      name: "requests with a trace are accepted whole",
      isVital: true,
      run: async () => {
        for (const request of trace.requests) {
          const { status, headers, text } = await ingest(request);
          deepEqual([status, headers["content-type"]], [200, request.headers["content-type"]], text);
        }
      },
    },
    {
      name: "the trace is read back by its id, as it was sent",
      isVital: true,
      run: async () => {
        const answer = await until(
          () => query(`api/traces/${trace.id}`),
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
        const answer = await query(`api/traces?${search}`);
        deepEqual(
          tracesIn(answer.text).map(({ traceID }) => traceID),
          [trace.id],
        );
        ok(JSON.parse((await query("api/services")).text).data.includes(trace.service));
        const operations = JSON.parse((await query(`api/services/${trace.service}/operations`)).text).data;
        deepEqual(operations.toSorted(), ["GET /basket", "SELECT baskets"]);
      },
    },
    {
      name: "the record that is none of ours stands whole in the quarantine",
      run: async () => {
        const { Quarantine = "" } = await stage.resources();
        const keys = await admin.objects(Quarantine);
        const bodies = await Promise.all(keys.map((key) => admin.object(Quarantine, key)));
        ok(bodies.includes(FOREIGN.toString()), `${keys}`);
      },
    },
    {
      name: "a trace that nobody sent is not found",
      run: async () => equal((await query(`api/traces/${"ab".repeat(16)}`)).status, 404),
    },
    {
      name: "a body that is no trace is the sender's fault",
      run: async () =>
        equal((await ingest({ headers: { "content-type": "application/json" }, body: "{" })).status, 400),
    },
    {
      name: "rollup finds an hour that has long ended, and has it closed by a merge",
      run: async () => {
        const { Table, RollupFunction = "" } = await stage.resources();
        const hour = Math.floor(Date.now() / 3_600_000) - 3;
        const work = { pk: { S: `W#${Math.floor(Date.now() / 60_000)}` }, sk: { B: sortKey("default", hour) } };
        const item = { ...work, b: { B: base64("default") }, t: { N: String(Math.floor(Date.now() / 1000) + 86_400) } };
        const put = await admin.json("dynamodb", "DynamoDB_20120810.PutItem", { TableName: Table, Item: item });
        equal(put.status, 200);
        // A plan that is made after it, so that rollup looks.
        const [request] = trace.requests;
        ok(request);
        equal((await ingest(request)).status, 200);
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
  ];
}

const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** A name and an hour, as keys hold them. */
function sortKey(name: string, hour: number): string {
  const bytes = Buffer.concat([Buffer.from(name), Buffer.alloc(4)]);
  bytes.writeUInt32BE(hour, bytes.length - 4);
  return bytes.toString("base64");
}
