import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { authenticate } from "../../../lib/runtime/access.ts";
import { accessSecret } from "../../../lib/runtime/access-secret.ts";

/** Secrets Manager's GetSecretValue as the SDK's client speaks it: JSON 1.1 over a real socket. */
let answer: { status: number; body: object };
let asked: unknown[];
const service = createServer((request, response) => {
  let text = "";
  request.on("data", (chunk) => {
    text += String(chunk);
  });
  request.on("end", () => {
    asked.push([request.headers["x-amz-target"], JSON.parse(text)]);
    response.writeHead(answer.status, { "Content-Type": "application/x-amz-json-1.1" });
    response.end(JSON.stringify(answer.body));
  });
});
let client: SecretsManagerClient;
beforeAll(async () => {
  await new Promise<void>((listening) => service.listen(0, "127.0.0.1", listening));
  const { port } = service.address() as AddressInfo;
  client = new SecretsManagerClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: "eu-central-1",
    credentials: { accessKeyId: "a", secretAccessKey: "s" },
    maxAttempts: 1,
  });
});
afterAll(() => {
  client.destroy();
  service.close();
});

const FIRST = "first-token-of-a-new-deployment-0";
const holds = (table: object) => ({ status: 200, body: { SecretString: JSON.stringify(table) } });
const DENIED = { status: 400, body: { __type: "AccessDeniedException", message: "no" } };

let now: number;
let faults: unknown[];
const opened = () =>
  accessSecret({ client, secret: "skua/access", clock: () => now, onFault: (error) => faults.push(error) });
const bearer = (token: string) => ({ authorization: `Bearer ${token}`, principal: undefined });

beforeEach(() => {
  now = 1_000;
  asked = [];
  faults = [];
  answer = holds({ firstToken: FIRST });
});

describe("a table of access in a secret", () => {
  test("is asked for once a minute, however many ask at the same time", async () => {
    const table = opened();
    const [one] = await Promise.all([table(), table(), table()]);
    expect(authenticate(one, bearer(FIRST), "query")).toBe("default");
    now += 59_999;
    await table();
    expect(asked).toEqual([["secretsmanager.GetSecretValue", { SecretId: "skua/access" }]]);
    answer = holds({ tokens: [] });
    now += 1;
    expect((await table()).tokens).toEqual([]);
  });

  test("stays as it was while it cannot be read or is wrong, and someone is told", async () => {
    const table = opened();
    await table();
    for (const wrong of [DENIED, holds({ tokens: 1 })]) {
      answer = wrong;
      now += 60_000;
      expect(authenticate(await table(), bearer(FIRST), "ingest")).toBe("default");
    }
    expect(faults.map(String)).toEqual([
      expect.stringContaining("AccessDenied"),
      expect.stringContaining("secret skua/access: tokens: "),
    ]);
  });

  test("that was never read lets nobody in, and is asked for again", async () => {
    const table = opened();
    answer = DENIED;
    await expect(table()).rejects.toMatchObject({
      code: "unavailable",
      message: "credentials cannot be checked just now",
    });
    answer = holds({ firstToken: FIRST });
    expect(authenticate(await table(), bearer(FIRST), "ingest")).toBe("default");
  });
});
