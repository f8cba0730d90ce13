import { PutItemCommand, ScanCommand } from "@aws-sdk/client-dynamodb";
import { GetRecordsCommand, GetShardIteratorCommand, KinesisClient, PutRecordsCommand } from "@aws-sdk/client-kinesis";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import dynalite from "dynalite";
import kinesalite from "kinesalite";
import db, { type KinesisStore } from "kinesalite/db/index.js";
import { expect, test } from "vitest";
import { serveEmulator } from "../../../functions/server/emulator.ts";
import { ensureStream, ensureTable } from "../../../functions/server/provision.ts";
import { sweepStreams } from "../../../functions/server/stream-sweep.ts";
import { sweepTablePage } from "../../../functions/server/table-sweep.ts";
import { dynamoClient } from "../../../lib/store/dynamo.ts";

const ANYBODY = { region: "us-east-1", credentials: { accessKeyId: "test", secretAccessKey: "test" } };
const HOUR_MILLIS = 3_600_000;

test("records leave the stream when its retention has passed, and not before", async () => {
  const stores: KinesisStore[] = [];
  const create = db.create;
  db.create = (options) => {
    const store = create(options);
    stores.push(store);
    return store;
  };
  const emulator = await serveEmulator(kinesalite({ createStreamMs: 0 }));
  db.create = create;
  const kinesis = new KinesisClient({ ...ANYBODY, ...emulator.hello, requestHandler: new NodeHttpHandler() });
  await ensureStream(kinesis, "spans");
  const Records = Array.from({ length: 25 }, (_, n) => ({ Data: Buffer.from(`record ${n}`), PartitionKey: "p" }));
  await kinesis.send(new PutRecordsCommand({ StreamName: "spans", Records }));
  const left = async (): Promise<number> => {
    const shard = { StreamName: "spans", ShardId: "shardId-000000000000" };
    const { ShardIterator } = await kinesis.send(
      new GetShardIteratorCommand({ ...shard, ShardIteratorType: "TRIM_HORIZON" }),
    );
    return (await kinesis.send(new GetRecordsCommand({ ShardIterator }))).Records?.length ?? 0;
  };
  const sweepAt = async (millis: number): Promise<number> => {
    const [store] = stores;
    return store === undefined ? -1 : sweepStreams(store, () => millis);
  };
  const now = Date.now();
  expect(await sweepAt(now + 23 * HOUR_MILLIS)).toBe(0);
  expect(await left()).toBe(25);
  expect(await sweepAt(now + 25 * HOUR_MILLIS)).toBe(25);
  expect(await left()).toBe(0);
  kinesis.destroy();
  await emulator.close();
});

test("items leave the table when their time to live has passed, page by page, and no others do", async () => {
  const emulator = await serveEmulator(dynalite({ createTableMs: 0 }));
  const dynamo = dynamoClient({ ...ANYBODY, ...emulator.hello });
  await ensureTable(dynamo, "spans", false);
  await ensureTable(dynamo, "spans", false); // is there already
  for (let n = 0; n < 230; n++)
    await dynamo.send(
      new PutItemCommand({
        TableName: "spans",
        Item: {
          pk: { S: `S#${n % 7}` },
          sk: { B: Uint8Array.of(n) },
          b: { B: Uint8Array.of(1, 2, 3) },
          // Two of three expire at second 1,000; one of ten never does.
          ...(n % 10 === 9 ? {} : { t: { N: n % 3 === 0 ? "2000" : "1000" } }),
        },
      }),
    );
  const sweepAt = async (seconds: number): Promise<readonly [swept: number, pages: number]> => {
    let [swept, pages] = [0, 0];
    let after: Awaited<ReturnType<typeof sweepTablePage>>["next"];
    do {
      const page = await sweepTablePage(dynamo, "spans", () => seconds * 1_000, after);
      after = page.next;
      swept += page.swept;
      pages++;
    } while (after !== undefined);
    return [swept, pages];
  };
  const mortal = Array.from({ length: 230 }, (_, n) => n).filter((n) => n % 10 !== 9);
  const early = mortal.filter((n) => n % 3 !== 0).length;
  expect((await sweepAt(1_000))[0]).toBe(0); // the second itself still counts
  const [swept, pages] = await sweepAt(1_001);
  expect(swept).toBe(early);
  expect(pages).toBeGreaterThan(1);
  const { Items = [] } = await dynamo.send(new ScanCommand({ TableName: "spans" }));
  expect(Items.length).toBe(230 - early);
  expect(Items.every((item) => item.t?.N !== "1000")).toBe(true);
  expect((await sweepAt(9_999))[0]).toBe(mortal.length - early);
  dynamo.destroy();
  await emulator.close();
});
