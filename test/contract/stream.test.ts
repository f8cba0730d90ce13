import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  kinesisClient,
  kinesisInfo,
  kinesisPutClient,
  kinesisReader,
  kinesisWriter,
} from "../../lib/stream/kinesis.ts";
import { type Emulator, openKinesalite } from "../support/kinesalite.ts";
import { memoryStream } from "../support/memory-stream.ts";
import { streamContract } from "./stream.contract.ts";

describe("a stream in memory", () =>
  streamContract(async (shards) => {
    const stream = memoryStream({ shards });
    return {
      writer: stream,
      reader: stream,
      info: stream,
      split: async ({ id }) => {
        await stream.split(id);
      },
    };
  }));

describe("Kinesis, as kinesalite speaks it", () => {
  let emulator: Emulator;
  let streams = 0;
  beforeAll(async () => {
    emulator = await openKinesalite();
  });
  afterAll(() => emulator.close());

  streamContract(async (shards) => {
    const name = `stream-${++streams}`;
    await emulator.createStream(name, shards);
    return {
      writer: kinesisWriter(emulator.client, name),
      reader: kinesisReader(emulator.client, name),
      info: kinesisInfo(emulator.client, name),
      split: (shard) => emulator.split(name, shard.id, (shard.start + shard.end + 1n) / 2n),
    };
  });

  test("a stream that is not there is not found", async () => {
    await expect(kinesisWriter(emulator.client, "nowhere").shards()).rejects.toMatchObject({ code: "not_found" });
  });

  test("takes a call of 5 MiB", async () => {
    await emulator.createStream("large", 1);
    const entries = Array.from({ length: 5 }, () => ({ place: 0n, data: new Uint8Array(1024 * 1024 - 1).fill(7) }));
    const results = await kinesisWriter(emulator.client, "large").put(entries);
    expect(results.map(({ ok }) => ok)).toEqual([true, true, true, true, true]);
  });
});

/** An endpoint that answers what the emulators never do. */
async function answering(
  status: number,
  body: object,
): Promise<{ endpoint: string; close: () => void; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk) => {
      text += String(chunk);
    });
    request.on("end", () => {
      asked.push(text);
      const answer = status === 200 && asked.length > 1 ? { ...body, NextToken: undefined } : body;
      response.writeHead(status, { "content-type": "application/x-amz-json-1.1" }).end(JSON.stringify(answer));
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return { endpoint: `http://127.0.0.1:${port}`, close: () => server.close(), asked };
}

const ANYBODY = { region: "us-east-1", credentials: { accessKeyId: "test", secretAccessKey: "test" } };

const clientOf = (endpoint: string) => kinesisClient({ ...ANYBODY, endpoint });

describe("Kinesis, as AWS documents it", () => {
  test.each([
    [400, "ProvisionedThroughputExceededException", "throttled"],
    [500, "InternalFailure", "unavailable"],
    [400, "AccessDeniedException", "internal"],
  ])("%i %s is %s", async (status, type, code) => {
    const { endpoint, close } = await answering(status, { __type: type, message: "injected" });
    const client = clientOf(endpoint);
    await expect(kinesisWriter(client, "spans").put([])).rejects.toMatchObject({ code });
    client.destroy();
    close();
  });

  test("a put that fails is one attempt: nothing is put again behind its caller's back", async () => {
    const { endpoint, close, asked } = await answering(500, { __type: "InternalFailure", message: "injected" });
    const client = kinesisPutClient({ ...ANYBODY, endpoint });
    await expect(kinesisWriter(client, "spans").put([])).rejects.toMatchObject({ code: "unavailable" });
    expect(asked).toHaveLength(1);
    client.destroy();
    close();
  });

  test("a put that is never answered ends in time, after one attempt", async () => {
    let connections = 0;
    const silent = createServer(() => connections++);
    await new Promise<void>((resolve) => {
      silent.listen(0, "127.0.0.1", resolve);
    });
    const { port } = silent.address() as AddressInfo;
    const client = kinesisPutClient({ ...ANYBODY, endpoint: `http://127.0.0.1:${port}`, requestMillis: 100 });
    await expect(kinesisWriter(client, "spans").put([])).rejects.toMatchObject({ code: "unavailable" });
    expect(connections).toBe(1);
    client.destroy();
    silent.closeAllConnections();
    silent.close();
  });

  test("an endpoint that is away is unavailable", async () => {
    const { endpoint, close } = await answering(200, {});
    close();
    const client = clientOf(endpoint);
    await expect(kinesisReader(client, "spans").records("iterator", 1)).rejects.toMatchObject({ code: "unavailable" });
    client.destroy();
  });

  test("an iterator that has expired is a value, not a fault", async () => {
    const { endpoint, close } = await answering(400, { __type: "ExpiredIteratorException", message: "injected" });
    const client = clientOf(endpoint);
    expect(await kinesisReader(client, "spans").records("iterator", 1)).toBeUndefined();
    client.destroy();
    close();
  });

  test("each record of a call has its own result", async () => {
    const { endpoint, close } = await answering(200, {
      FailedRecordCount: 2,
      Records: [
        { SequenceNumber: "1", ShardId: "shardId-000000000000" },
        { ErrorCode: "ProvisionedThroughputExceededException", ErrorMessage: "Rate exceeded" },
        { ErrorCode: "InternalFailure", ErrorMessage: "Internal Service Failure" },
      ],
    });
    const client = clientOf(endpoint);
    const entry = { place: 0n, data: Uint8Array.of(1) };
    expect(await kinesisWriter(client, "spans").put([entry, entry, entry])).toEqual([
      { ok: true, shardId: "shardId-000000000000", sequenceNumber: "1" },
      { ok: false, reason: "throttled", message: "ProvisionedThroughputExceededException: Rate exceeded" },
      { ok: false, reason: "failed", message: "InternalFailure: Internal Service Failure" },
    ]);
    client.destroy();
    close();
  });

  test("shards are listed to the last page", async () => {
    const shard = {
      ShardId: "shardId-000000000000",
      HashKeyRange: { StartingHashKey: "0", EndingHashKey: "5" },
      SequenceNumberRange: { StartingSequenceNumber: "1" },
    };
    const { endpoint, close, asked } = await answering(200, { Shards: [shard], NextToken: "more" });
    const client = clientOf(endpoint);
    expect((await kinesisInfo(client, "spans").shards()).length).toBe(2);
    expect(asked.map((text) => JSON.parse(text))).toEqual([{ StreamName: "spans" }, { NextToken: "more" }]);
    client.destroy();
    close();
  });
});
