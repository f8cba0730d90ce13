import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { S3Client } from "@aws-sdk/client-s3";
import { afterEach, expect, test } from "vitest";
import { quarantineBucket } from "../../../lib/stream/quarantine-s3.ts";

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** A bucket that remembers what is put, by path; it answers with `status`. */
async function openBucket(status: number): Promise<{ client: S3Client; objects: Map<string, Buffer> }> {
  const objects = new Map<string, Buffer>();
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      objects.set(`${request.method} ${new URL(request.url ?? "", "http://s3").pathname}`, Buffer.concat(chunks));
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => {
    server?.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  const client = new S3Client({
    region: "us-east-1",
    endpoint: `http://127.0.0.1:${port}`,
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
  });
  return { client, objects };
}

const record = { sequenceNumber: "4959", data: Uint8Array.from([1, 0, 255, 10]), arrivedMillis: 1_764_000_000_000 };

test("a record is set aside whole, beside why, under a name that a repetition overwrites", async () => {
  const { client, objects } = await openBucket(200);
  const quarantine = quarantineBucket(client, "aside");
  await quarantine.keep("shardId-000000000000", record, "garbled");
  await quarantine.keep("shardId-000000000000", record, "garbled");
  expect([...objects.keys()].sort()).toEqual([
    "PUT /aside/shardId-000000000000/4959.json",
    "PUT /aside/shardId-000000000000/4959.record",
  ]);
  expect([...(objects.get("PUT /aside/shardId-000000000000/4959.record") ?? [])]).toEqual([...record.data]);
  expect(JSON.parse(String(objects.get("PUT /aside/shardId-000000000000/4959.json")))).toEqual({
    shardId: "shardId-000000000000",
    sequenceNumber: "4959",
    arrived: "2025-11-24T16:00:00.000Z",
    reason: "garbled",
  });
});

test("a bucket that refuses is a reason to wait, not to lose the record", async () => {
  const { client } = await openBucket(403);
  await expect(quarantineBucket(client, "aside").keep("shard", record, "garbled")).rejects.toMatchObject({
    code: "unavailable",
  });
});
