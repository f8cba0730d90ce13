import { once } from "node:events";
import { readdirSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { deflateSync, gzipSync } from "node:zlib";
import { KinesisClient, PutRecordsCommand } from "@aws-sdk/client-kinesis";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { afterAll, beforeAll, expect, test } from "vitest";
import { opentelemetry } from "../../proto/gen/index.js";
import { aggregated } from "../support/aggregated.ts";
import { exportRequest, newSpanId, newTraceId, post, search, until, wholeTrace } from "../support/otlp.ts";
import { ANY_PORTS, runServer, type SkuaServer, startServer, temporaryFolder } from "../support/skua-server.ts";

const IS_READY = ({ msg }: Readonly<Record<string, unknown>>): boolean => msg === "ready";
const { TracesData } = opentelemetry.proto.trace.v1;

const folder = temporaryFolder();
let server: SkuaServer;
let client: KinesisClient;

beforeAll(async () => {
  server = await startServer({ data: folder.path, flags: ["--foreign-stream", "collectors"] });
  client = new KinesisClient({
    endpoint: String(server.lines.find(IS_READY)?.kinesis),
    region: "us-east-1",
    credentials: { accessKeyId: "anybody", secretAccessKey: "at all" },
    requestHandler: new NodeHttpHandler(),
  });
}, 30_000);

afterAll(async () => {
  client.destroy();
  expect(await server.stop()).toBe(0);
  folder.remove();
}, 30_000);

/** What a Collector makes of one resource's spans: TracesData. */
function message(service: string, traceId: string, names: readonly string[]): Uint8Array {
  const start = `${Date.now()}000000`;
  const spans = names.map((name) => ({
    traceId: Buffer.from(traceId, "hex"),
    spanId: Buffer.from(newSpanId(), "hex"),
    name,
    startTimeUnixNano: start,
    endTimeUnixNano: start,
  }));
  const resource = { attributes: [{ key: "service.name", value: { stringValue: service } }] };
  return TracesData.encode(TracesData.fromObject({ resourceSpans: [{ resource, scopeSpans: [{ spans }] }] })).finish();
}

/** As the awskinesis exporter does: every record under a key of its own. */
async function put(...records: readonly Uint8Array[]) {
  const Records = records.map((Data) => ({ Data, PartitionKey: newSpanId() }));
  const { FailedRecordCount, Records: results = [] } = await client.send(
    new PutRecordsCommand({ StreamName: "collectors", Records }),
  );
  expect(FailedRecordCount ?? 0).toBe(0);
  return results;
}

const namesOf = async (traceId: string, spans: number): Promise<string[]> =>
  (await wholeTrace(server.query, traceId, spans)).spans.map(({ operationName }) => operationName).sort();

test("a trace whose services came packed in every way is one trace, together with what OTLP brought", async () => {
  const id = newTraceId();
  await put(
    message("plain", id, ["a"]),
    gzipSync(message("gzip", id, ["b", "c"])),
    deflateSync(message("zlib", id, ["d"])),
    aggregated([
      message("one", id, ["e"]),
      gzipSync(message("two", id, ["f"])),
      deflateSync(message("three", id, ["g"])),
    ]),
  );
  const body = exportRequest("door", [{ traceId: id, spanId: newSpanId(), name: "h" }]);
  expect((await post(server.otlp, body)).status).toBe(200);
  expect(await namesOf(id, 8)).toEqual([..."abcdefgh"]);
  expect(await search(server.query, { service: "two" })).toMatchObject([{ traceID: id }]);
}, 30_000);

test("a record that is none is set aside in a folder of its own, and its neighbours are shown", async () => {
  const [before, after] = [newTraceId(), newTraceId()];
  const results = await put(
    message("before", before, ["x"]),
    gzipSync(Buffer.from("no message of anyone's")),
    message("after", after, ["y"]),
  );
  expect(await namesOf(before, 1)).toEqual(["x"]);
  expect(await namesOf(after, 1)).toEqual(["y"]);
  const name = `${results[1]?.ShardId}-${results[1]?.SequenceNumber}`;
  const files = await until(async () => {
    const there = readdirSync(join(folder.path, "quarantine", "foreign")).sort();
    return there.length === 2 ? there : undefined;
  }, "record in the quarantine");
  expect(files).toEqual([`${name}.json`, `${name}.record`]);
}, 30_000);

test("spans that ingest would have rejected are left out, and the log says how many and why", async () => {
  const id = newTraceId();
  await put(Buffer.concat([message("shop", "0".repeat(32), ["lost"]), message("shop", id, ["kept"])]));
  expect(await namesOf(id, 1)).toEqual(["kept"]);
  const told = await until(async () => server.lines.find(({ kind }) => kind === "refused"), "line in the log");
  expect(told).toMatchObject({ level: "warn", spans: 1, message: expect.stringContaining("trace_id is all zero") });
}, 30_000);

test("the embedded Kinesis listens where it is told to, and a port that is taken is named with its flag", async () => {
  const [first, second] = [temporaryFolder(), temporaryFolder()];
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const address = taken.address();
  const port = String(typeof address === "object" ? address?.port : address);
  const flags = ["--kinesis-port", port, "--foreign-stream", "collectors"];
  const ports = [...ANY_PORTS, "--data", first.path];
  expect(await runServer([...ports, ...flags])).toMatchObject({
    code: 1,
    stderr: `skua: --kinesis-port ${port}: the port is taken on 127.0.0.1; free it or name another\n`,
  });
  await promisify(taken.close.bind(taken))();
  const told = await startServer({ data: second.path, flags });
  expect(told.lines.find(IS_READY)).toMatchObject({ foreignStream: "collectors", kinesis: `http://127.0.0.1:${port}` });
  expect(await told.stop()).toBe(0);
  for (const { remove } of [first, second]) remove();
}, 60_000);
