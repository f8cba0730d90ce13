import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, describe, expect, test } from "vitest";
import { dynamoClient, dynamoItems } from "../../lib/store/dynamo.ts";
import { dynaliteTable } from "../support/dynalite-table.ts";
import { memoryItems } from "../support/memory-items.ts";
import { itemsContract } from "./items.contract.ts";

describe("items on a map", () => itemsContract(async () => memoryItems()));

describe("items on dynalite", () => {
  let close: (() => Promise<void>) | undefined;
  afterAll(() => close?.());
  itemsContract(async () => {
    const table = await dynaliteTable();
    close = table.close;
    return table.items;
  });
});

describe("faults of DynamoDB", () => {
  const key = { pk: "K#s", sk: Uint8Array.of(1) };

  /** A table that answers every call with this. */
  async function answering(status: number, body: object): Promise<() => Promise<unknown>> {
    const server = createServer((_, answer) => {
      answer.writeHead(status, { "content-type": "application/x-amz-json-1.0" });
      answer.end(JSON.stringify(body));
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const { port } = server.address() as AddressInfo;
    const client = dynamoClient({
      endpoint: `http://127.0.0.1:${port}`,
      region: "us-east-1",
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    });
    afterAll(async () => {
      client.destroy();
      await new Promise<void>((done) => server.close(() => done()));
    });
    return () => dynamoItems(client, "spans").get([key], true);
  }

  test.each([
    [400, "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException", "throttled"],
    [400, "com.amazon.coral.availability#ThrottlingException", "throttled"],
    [400, "com.amazonaws.dynamodb.v20120810#RequestLimitExceeded", "throttled"],
    [500, "com.amazonaws.dynamodb.v20120810#InternalServerError", "unavailable"],
    [503, "", "unavailable"],
    [400, "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException", "internal"],
    [400, "com.amazon.coral.validate#ValidationException", "internal"],
  ])("%i %s is %s", async (status, type, code) => {
    const call = await answering(status, { __type: type, message: "secret" });
    await expect(call()).rejects.toMatchObject({ name: "TracingError", code });
    await expect(call()).rejects.not.toThrow("secret");
  });

  test("keys and items that were not processed are handed back", async () => {
    const B = Buffer.from([1]).toString("base64");
    const call = await answering(200, {
      Responses: { spans: [] },
      UnprocessedKeys: { spans: { Keys: [{ pk: { S: "K#s" }, sk: { B } }] } },
    });
    const answer = await call();
    expect(answer).toMatchObject({ items: [], left: [{ pk: "K#s" }] });
  });

  test("no answer at all is unavailable", async () => {
    const server = createServer(() => undefined);
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const { port } = server.address() as AddressInfo;
    const client = dynamoClient({
      endpoint: `http://127.0.0.1:${port}`,
      region: "us-east-1",
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
      requestMillis: 100,
    });
    await expect(dynamoItems(client, "spans").load(key)).rejects.toMatchObject({ code: "unavailable" });
    client.destroy();
    server.closeAllConnections();
    server.close();
  });

  test("nobody listening is unavailable", async () => {
    const client = dynamoClient({
      endpoint: "http://127.0.0.1:1",
      region: "us-east-1",
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    });
    await expect(dynamoItems(client, "spans").load(key)).rejects.toMatchObject({ code: "unavailable" });
    client.destroy();
  });
});
