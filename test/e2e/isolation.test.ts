import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exportRequest, newSpanId, newTraceId, until } from "../support/otlp.ts";
import { type SkuaServer, startServer, temporaryFolder } from "../support/skua-server.ts";
import { thriftBytes } from "../support/thrift-structs.ts";

/**
 * Two tenants on one server, each with a token for everything it has. What one holds must not be seen, changed or even
 * guessed at by the other: one test an attempt.
 */
const folder = temporaryFolder();
const row = (tenant: string) => ({
  ...{ sha256: createHash("sha256").update(`${tenant}-token`).digest("hex"), tenant, scopes: ["ingest", "query"] },
});
const of = (tenant: "acme" | "rook", more: Record<string, string> = {}) => ({
  headers: { Authorization: `Bearer ${tenant}-token`, ...more },
});

/** Headers by which other systems let a caller name its tenant. */
const FORGED = { "x-tenant": "acme", "x-scope-orgid": "acme", "jaeger-tenant": "acme", tenant: "acme" };

let server: SkuaServer;
const shared = newTraceId();
const ids = [shared, newTraceId(), newTraceId()];
const hour = 3_600_000;
const began = Date.now();
const at = (millis: number) => new Date(millis).toISOString();
const WINDOW = `query.start_time_min=${at(began - hour)}&query.start_time_max=${at(began + hour)}`;

const send = (tenant: "acme" | "rook", service: string, traceId: string, more: Record<string, string> = {}) =>
  fetch(`${server.otlp}/v1/traces`, {
    method: "POST",
    ...of(tenant, { "Content-Type": "application/json", ...more }),
    body: exportRequest(service, [
      { traceId, spanId: newSpanId(), name: `${service} work`, tags: { secret: service } },
    ]),
  });
const get = async (tenant: "acme" | "rook", path: string, more: Record<string, string> = {}) => {
  const answer = await fetch(server.query + path, of(tenant, more));
  return { status: answer.status, text: await answer.text() };
};

beforeAll(async () => {
  const access = join(folder.path, "access.json");
  writeFileSync(access, JSON.stringify({ tokens: [row("acme"), row("rook")] }));
  server = await startServer({ data: join(folder.path, "data"), flags: ["--access", access] });
  for (const id of ids) expect((await send("acme", "acme-only", id)).status).toBe(200);
  expect((await send("rook", "rook-only", shared, FORGED)).status).toBe(200);
  await until(async () => {
    const all = await Promise.all([
      ...ids.map((id) => get("acme", `/api/traces/${id}`)),
      get("rook", `/api/traces/${shared}`),
    ]);
    return all.every(({ status }) => status === 200) ? true : undefined;
  }, "everything that was sent");
}, 60_000);
afterAll(async () => {
  await server.stop();
  folder.remove();
});

describe("a tenant sees nothing of another's", () => {
  test.each([
    ["/api/services"],
    ["/api/services/acme-only/operations"],
    ["/api/operations?service=acme-only"],
    ["/api/traces?service=acme-only"],
    ["/api/traces?limit=100"],
    ['/api/traces?tags={"secret":"acme-only"}'],
    [`/api/traces?traceID=${ids[1]}&traceID=${ids[2]}`],
    [`/api/traces/${ids[1]}`],
    [`/api/traces/${shared}`],
    ["/api/v3/services"],
    ["/api/v3/operations?service=acme-only"],
    ["/api/v3/attributes"],
    ["/api/v3/attributes?service=acme-only"],
    ["/api/v3/attributes/secret/values"],
    [`/api/v3/traces/${ids[1]}`],
    [`/api/v3/traces?${WINDOW}`],
    [`/api/v3/trace-summaries?${WINDOW}`],
    [`/api/dependencies?endTs=${Date.now() + hour}&lookback=${4 * hour}`],
  ])("by %s, whether its caches are warm or not, and whatever headers say", async (path) => {
    // Whoever it belongs to asks first: what that has warmed must not leak.
    const mine = await get("acme", path);
    for (const headers of [{}, FORGED]) {
      const { text } = await get("rook", path, headers);
      expect(text).not.toContain("acme-only");
      // What is asked for by its id is repeated where it is not found.
      for (const id of ids.slice(1)) if (!path.includes(id)) expect(text).not.toContain(id);
    }
    expect((await get("acme", path)).status).toBe(mine.status);
  });

  test("by sending spans of its trace: an id that both use is two traces", async () => {
    for (const [tenant, service] of [
      ["acme", "acme-only"],
      ["rook", "rook-only"],
    ] as const) {
      const { data } = JSON.parse((await get(tenant, `/api/traces/${shared}?raw=true`)).text);
      expect(data[0].spans.map((span: { operationName: string }) => span.operationName)).toEqual([`${service} work`]);
    }
  });

  test("by a page token that was given to the other", async () => {
    const first = JSON.parse((await get("acme", `/api/v3/trace-summaries?${WINDOW}&query.search_depth=1`)).text);
    expect(first.nextPageToken).toMatch(/^[\w-]+$/);
    for (const [tenant, status] of [
      ["rook", 400],
      ["acme", 200],
    ] as const) {
      const path = `/api/v3/trace-summaries?${WINDOW}&query.search_depth=1&query.page_token=${first.nextPageToken}`;
      const answer = await get(tenant, path);
      expect([tenant, answer.status, answer.text.includes("acme-only")]).toEqual([tenant, status, tenant === "acme"]);
    }
  });
});

describe("a tenant puts nothing among another's", () => {
  const services = async () => JSON.parse((await get("acme", "/api/services")).text).data;

  test("by headers, at any door", async () => {
    const batch = {
      process: { serviceName: "intruder", tags: [{ key: "tenant", vType: 0, vStr: "acme" }] },
      spans: [
        {
          ...{ traceIdLow: 1n, traceIdHigh: 2n, spanId: 3n, parentSpanId: 0n, operationName: "x", flags: 1 },
          ...{ startTime: BigInt(Date.now()) * 1000n, duration: 5n },
        },
      ],
    };
    const thrift = { method: "POST", body: Buffer.from(thriftBytes("binary", "jaeger.Batch", batch)) };
    const type = { "Content-Type": "application/x-thrift" };
    expect(
      (await fetch(`${server.jaeger}/api/traces?tenant=acme`, { ...thrift, ...of("rook", { ...FORGED, ...type }) }))
        .status,
    ).toBe(202);
    expect((await send("rook", "intruder", newTraceId(), FORGED)).status).toBe(200);
    await until(async () => {
      const { text } = await get("rook", "/api/services");
      return text.includes("intruder") ? true : undefined;
    }, "the intruder among its own");
    expect(await services()).toEqual(["acme-only"]);
  });

  test("by bytes that look like a record of the stream, which states its tenant", async () => {
    // SpanBatch (proto/skua/v1/record.proto): tenant = 1, received_unix_nano = 2, traces = 3.
    const inner = Buffer.from("0a00", "hex");
    const record = Buffer.concat([
      Buffer.from([0x0a, 4]),
      Buffer.from("acme"),
      Buffer.from([0x1a, inner.length]),
      inner,
    ]);
    const answer = await fetch(`${server.otlp}/v1/traces`, {
      method: "POST",
      ...of("rook", { "Content-Type": "application/x-protobuf" }),
      body: record,
    });
    expect(answer.status).toBe(400);
    expect(await services()).toEqual(["acme-only"]);
  });

  test("by a datagram, for there is nobody to tell", async () => {
    expect(server.udp).toEqual({ compact: 0, binary: 0 });
    expect(server.lines.map(({ msg }) => msg)).toContain(
      "UDP stays closed: it has no room for a token, and --udp-tenant does not say whose its spans are",
    );
  });
});
