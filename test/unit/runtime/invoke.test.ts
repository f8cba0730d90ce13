import { once } from "node:events";
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { afterAll, beforeAll, expect, test } from "vitest";
import { callLater } from "../../../lib/runtime/invoke.ts";

interface Asked {
  readonly path: string | undefined;
  readonly type: string | string[] | undefined;
  readonly body: string;
}

const asked: Asked[] = [];
let status = 202;
const server = createServer(async (request, response) => {
  asked.push({
    path: request.url,
    type: request.headers["x-amz-invocation-type"],
    body: await text(request),
  });
  response.writeHead(status, { "x-amzn-errortype": "TooManyRequestsException" }).end("{}");
});

let client: LambdaClient;
beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  client = new LambdaClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: "us-east-1",
    credentials: { accessKeyId: "a", secretAccessKey: "b" },
    maxAttempts: 1,
  });
});
afterAll(() => {
  client.destroy();
  server.close();
});

test("a function is called without waiting for what it does", async () => {
  await callLater(client, "skua-merge")({ tenant: "acme", hour: 7 });
  expect(asked).toEqual([
    { path: "/2015-03-31/functions/skua-merge/invocations", type: "Event", body: '{"tenant":"acme","hour":7}' },
  ]);
});

test("a call that is not taken is a fault", async () => {
  status = 429;
  await expect(callLater(client, "skua-merge")({})).rejects.toThrow();
});
