import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { Agent, type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { opentelemetry } from "../../proto/gen/index.js";
import { rawClient } from "../support/grpc-client.ts";
import { exportRequest, newSpanId, newTraceId, until } from "../support/otlp.ts";
import { runServer, type SkuaServer, startServer, temporaryFolder } from "../support/skua-server.ts";

const { ExportTraceServiceRequest } = opentelemetry.proto.collector.trace.v1;

const folder = temporaryFolder();
const file = join(folder.path, "access.json");
const strategies = join(folder.path, "strategies.json");

const digest = (token: string): string => createHash("sha256").update(token).digest("hex");
const entry = (token: string, tenant: string, ...scopes: string[]) => ({ sha256: digest(token), tenant, scopes });
const grant = (...tokens: readonly ReturnType<typeof entry>[]): void =>
  writeFileSync(file, JSON.stringify({ tokens, limits: [{ tenant: "slow", spansPerSecond: 0.01 }] }));

let server: SkuaServer;
beforeAll(async () => {
  grant(
    entry("acme-in", "acme", "ingest"),
    entry("acme-out", "acme", "query"),
    entry("rook-out", "rook", "query"),
    entry("rook-all", "rook", "ingest", "query"),
    entry("slow-in", "slow", "ingest"),
  );
  writeFileSync(strategies, '{"default_strategy":{"type":"probabilistic","param":0.25}}');
  server = await startServer({
    data: join(folder.path, "data"),
    flags: ["--host", "0.0.0.0", "--access", file, "--strategies", strategies],
  });
}, 60_000);
afterAll(async () => {
  await server.stop();
  folder.remove();
});

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

const send = (traceId: string, headers: Record<string, string>) =>
  fetch(`${server.otlp}/v1/traces`, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: exportRequest("cart", [{ traceId, spanId: newSpanId(), name: "work", startMillis: Date.now() }]),
  });

const look = (traceId: string, headers: Record<string, string>) =>
  fetch(`${server.query}/api/traces/${traceId}`, { headers });

describe("with a table of tokens", () => {
  test("a trace is seen by its tenant alone, whatever else a request says", async () => {
    const id = newTraceId();
    expect((await send(id, bearer("acme-in"))).status).toBe(200);
    await until(async () => ((await look(id, bearer("acme-out"))).ok ? true : undefined), "the trace");
    expect((await look(id, { ...bearer("rook-out"), "x-tenant": "acme", "x-scope-orgid": "acme" })).status).toBe(404);
    const services = await (await fetch(`${server.query}/api/services`, { headers: bearer("rook-out") })).json();
    expect(services).toMatchObject({ data: [] });
  });

  test("who shows no token is asked for one, and who may not is told, on every side", async () => {
    const id = newTraceId();
    const none = await send(id, {});
    expect([none.status, none.headers.get("www-authenticate")]).toEqual([
      401,
      'Basic realm="skua", Bearer realm="skua"',
    ]);
    expect(await none.json()).toMatchObject({ code: 16 });
    expect((await send(id, bearer("acme-out"))).status).toBe(403);
    const unread = await look(id, {});
    expect([unread.status, unread.headers.get("www-authenticate")]).toEqual([
      401,
      'Basic realm="skua", Bearer realm="skua"',
    ]);
    expect((await look(id, bearer("acme-in"))).status).toBe(403);
    expect((await fetch(`${server.sampling}/sampling?service=a`)).status).toBe(401);
  });

  test("a tenant that has sent what it may is told when to come back, and others are not held up", async () => {
    expect((await send(newTraceId(), bearer("slow-in"))).status).toBe(200);
    const refused = await send(newTraceId(), bearer("slow-in"));
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "90"]);
    expect(await refused.json()).toEqual({
      code: 8,
      message: "tenant slow has sent more than its 0.01 spans a second",
    });
    expect((await send(newTraceId(), bearer("acme-in"))).status).toBe(200);
  });

  test("callers over gRPC are told apart alike", async () => {
    const id = newTraceId();
    const message = ExportTraceServiceRequest.fromObject({
      resourceSpans: [{ scopeSpans: [{ spans: [{ traceId: Buffer.from(id, "hex"), spanId: randomBytes(8) }] }] }],
    });
    const client = rawClient(server.otlpGrpc);
    const statusOf = async (headers: Record<string, string>) => {
      const path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
      const answer = await client.unary(path, ExportTraceServiceRequest.encode(message).finish(), headers);
      return answer instanceof Error ? answer.code : 0;
    };
    expect([await statusOf({}), await statusOf({ authorization: "Bearer acme-out" })]).toEqual([16, 7]);
    expect(await statusOf({ authorization: "Bearer acme-in", "x-tenant": "rook" })).toBe(0);
    client.close();
    await until(async () => ((await look(id, bearer("acme-out"))).ok ? true : undefined), "the trace");
    expect((await look(id, bearer("rook-out"))).status).toBe(404);
  });

  test("a URL with userinfo is enough, for clients that take nothing else", async () => {
    const basic = `Basic ${Buffer.from("agent:acme-in").toString("base64")}`;
    const answer = await fetch(`${server.sampling}/sampling/strategies.json`, { headers: { Authorization: basic } });
    expect(await answer.json()).toEqual({ default_strategy: { type: "probabilistic", param: 0.25 } });
  });

  test("a token that is taken out of the file is no longer good, one that is put in is, and a file that is wrong changes nothing", async () => {
    const status = async (token: string) =>
      (await fetch(`${server.query}/api/services`, { headers: bearer(token) })).status;
    grant(entry("acme-new", "acme", "query"), entry("rook-all", "rook", "ingest", "query"));
    await until(async () => ((await status("acme-new")) === 200 ? true : undefined), "the new token");
    expect(await status("acme-out")).toBe(401);
    writeFileSync(file, "{");
    await until(
      async () => (server.lines.some(({ level }) => level === "warn") ? true : undefined),
      "a warning that names the file",
    );
    expect(await status("acme-new")).toBe(200);
  });

  test("a token that is taken out is refused on connections that were opened with it, at the next call", async () => {
    const old = entry("rook-old", "rook", "ingest");
    const kept = entry("rook-all", "rook", "ingest", "query");
    grant(old, kept);
    const path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
    const client = rawClient(server.otlpGrpc);
    const byGrpc = async (token: string) => {
      const answer = await client.unary(path, new Uint8Array(0), { authorization: `Bearer ${token}` });
      return answer instanceof Error ? answer.code : 0;
    };
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ports: (number | undefined)[] = [];
    const byHttp = async (token: string): Promise<number | undefined> => {
      const call = request(`${server.otlp}/v1/traces`, {
        ...{ agent, method: "POST", headers: { ...bearer(token), "Content-Type": "application/x-protobuf" } },
      });
      call.end();
      const [answer]: IncomingMessage[] = await once(call, "response");
      ports.push(call.socket?.localPort);
      answer?.resume();
      if (answer !== undefined) await once(answer, "end");
      return answer?.statusCode;
    };
    await until(async () => ((await byGrpc("rook-old")) === 0 ? true : undefined), "the old token");
    expect(await byHttp("rook-old")).toBe(200);
    grant(kept);
    await until(async () => ((await byGrpc("rook-old")) === 16 ? true : undefined), "its end");
    expect([await byHttp("rook-old"), await byHttp("rook-all"), await byGrpc("rook-all")]).toEqual([401, 200, 0]);
    expect(new Set(ports).size).toBe(1);
    client.close();
    agent.destroy();
  });

  test("strategies follow their file", async () => {
    const rate = async () => {
      const answer = await fetch(`${server.sampling}/?service=cart`, { headers: bearer("rook-all") });
      return ((await answer.json()) as { probabilisticSampling: { samplingRate: number } }).probabilisticSampling
        .samplingRate;
    };
    expect(await rate()).toBe(0.25);
    writeFileSync(strategies, '{"default_strategy":{"type":"const","param":0}}');
    await until(async () => ((await rate()) === 0 ? true : undefined), "the new strategy");
  });
});

describe("other machines are not let in by accident", () => {
  test("without tokens", async () => {
    const { code, stderr } = await runServer(["--host", "0.0.0.0"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^skua: --host 0\.0\.0\.0: other machines could send and read without a credential; expected --access .*--open/,
    );
  });

  test.each([
    [["--access", "/none/such.json"], /^skua: \/none\/such\.json: ENOENT/],
    [["--strategies", "/none/such.json"], /^skua: \/none\/such\.json: ENOENT/],
  ])("%j", async (flags, message) => {
    const { code, stderr } = await runServer(flags);
    expect([code, message.test(stderr)]).toEqual([2, true]);
  });

  test("with a table that is wrong, whose value is not repeated", async () => {
    const { code, stderr } = await runServer([], { SKUA_ACCESS_TABLE: '{"tokens":[{"sha256":"my-token"}]}' });
    expect(code).toBe(2);
    expect(stderr).toBe("skua: SKUA_ACCESS_TABLE: tokens.0.sha256: expected 64 hex digits\n");
  });
});
