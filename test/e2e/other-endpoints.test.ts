import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { KinesisClient, PutRecordsCommand } from "@aws-sdk/client-kinesis";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import dynalite from "dynalite";
import kinesalite from "kinesalite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { serveEmulator } from "../../functions/server/emulator.ts";
import { exportRequest, newSpanId, newTraceId, post, until, wholeTrace } from "../support/otlp.ts";
import { ANY_PORTS, runServer, type SkuaServer, startServer, temporaryFolder } from "../support/skua-server.ts";

type Emulator = Awaited<ReturnType<typeof serveEmulator>>;

const folder = temporaryFolder();
let kinesis: Emulator;
let dynamo: Emulator;
let server: SkuaServer;

beforeAll(async () => {
  kinesis = await serveEmulator(kinesalite({ createStreamMs: 0 }));
  dynamo = await serveEmulator(dynalite({ createTableMs: 0 }));
  server = await startServer({
    data: folder.path,
    flags: ["--stream", "elsewhere"],
    env: {
      AWS_ENDPOINT_URL_KINESIS: kinesis.hello.endpoint,
      AWS_ENDPOINT_URL_DYNAMODB: dynamo.hello.endpoint,
      AWS_REGION: "eu-west-1",
      AWS_ACCESS_KEY_ID: "somebody",
      AWS_SECRET_ACCESS_KEY: "secret",
    },
  });
}, 30_000);

afterAll(async () => {
  expect(await server.stop()).toBe(0);
  await Promise.all([kinesis.close(), dynamo.close()]);
  folder.remove();
}, 30_000);

const sendTrace = async (): Promise<string> => {
  const traceId = newTraceId();
  const body = exportRequest("elsewhere", [{ traceId, spanId: newSpanId(), name: "far" }]);
  expect((await post(server.otlp, body)).status).toBe(200);
  return traceId;
};

test("the SDK's own variables put other services in place of the embedded ones", async () => {
  await wholeTrace(server.query, await sendTrace(), 1);
  expect(readdirSync(folder.path)).toEqual(["lock"]);
}, 30_000);

test("a record that nobody can read is set aside whole, and its neighbours are shown", async () => {
  const before = await sendTrace();
  const garbage = Buffer.from("no record of ours");
  const client = new KinesisClient({
    endpoint: kinesis.hello.endpoint,
    region: "eu-west-1",
    credentials: { accessKeyId: "somebody", secretAccessKey: "else" },
    requestHandler: new NodeHttpHandler(),
  });
  const Records = [{ Data: garbage, PartitionKey: "foreign" }];
  const { Records: [put] = [] } = await client.send(new PutRecordsCommand({ StreamName: "elsewhere", Records }));
  client.destroy();
  const after = await sendTrace();
  for (const id of [before, after]) await wholeTrace(server.query, id, 1);
  const quarantine = join(folder.path, "quarantine");
  const name = `${put?.ShardId}-${put?.SequenceNumber}`;
  const files = await until(async () => {
    const there = readdirSync(folder.path).includes("quarantine") ? readdirSync(quarantine).sort() : [];
    return there.length === 2 ? there : undefined;
  }, "record in the quarantine");
  expect(files).toEqual([`${name}.json`, `${name}.record`]);
  expect(readFileSync(join(quarantine, `${name}.record`))).toEqual(garbage);
  expect(JSON.parse(readFileSync(join(quarantine, `${name}.json`), "utf8"))).toMatchObject({
    shardId: put?.ShardId,
    sequenceNumber: put?.SequenceNumber,
    reason: expect.stringMatching(/\w/),
  });
  expect(
    server.lines.some(({ level, sequenceNumber }) => level === "error" && sequenceNumber === put?.SequenceNumber),
  ).toBe(true);
}, 30_000);

test("an endpoint where nobody answers is named in one line, with the variable", async () => {
  const other = temporaryFolder();
  const flags = [...ANY_PORTS, "--data", other.path];
  const env = { AWS_REGION: "eu-west-1", AWS_ACCESS_KEY_ID: "somebody", AWS_SECRET_ACCESS_KEY: "secret" };
  const nowhere = { ...env, AWS_ENDPOINT_URL_DYNAMODB: "http://127.0.0.1:1" };
  const { code, stdout, stderr } = await runServer(flags, nowhere);
  expect([code, stdout]).toEqual([1, ""]);
  expect(stderr).toMatch(/^skua: table skua: .*ECONNREFUSED.*; check AWS_ENDPOINT_URL_DYNAMODB, .*\n$/);
  expect(readdirSync(other.path)).toEqual(["kinesis"]);
  other.remove();
});
