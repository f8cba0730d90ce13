import { createSocket, type Socket } from "node:dgram";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { search, until } from "../support/otlp.ts";
import { ANY_PORTS, runServer, type SkuaServer, startServer, temporaryFolder } from "../support/skua-server.ts";
import { thriftBytes, thriftCallBytes } from "../support/thrift-structs.ts";

const folder = temporaryFolder();
let server: SkuaServer;
let socket: Socket;
beforeAll(async () => {
  server = await startServer({ data: folder.path });
  socket = createSocket("udp4");
}, 60_000);
afterAll(async () => {
  socket.close();
  await server.stop();
  folder.remove();
});

/** One trace a span, and no two services share one. */
const batch = (serviceName: string, names: readonly string[]) => ({
  process: { serviceName, tags: [{ key: "zone", vType: 0, vStr: "b" }] },
  spans: names.map((operationName, i) => ({
    ...{
      traceIdLow: BigInt(i + 1),
      traceIdHigh: BigInt(serviceName.length * 1000 + (serviceName.codePointAt(6) ?? 0)),
      spanId: BigInt(i + 1),
      parentSpanId: 0n,
      operationName,
      flags: 1,
    },
    ...{ startTime: BigInt(Date.now()) * 1000n, duration: 1500n },
    tags: [{ key: "size", vType: 3, vLong: 9_007_199_254_740_993n }],
  })),
});

const sendTo = (port: number, datagram: Uint8Array): Promise<void> =>
  new Promise((sent, failed) => socket.send(datagram, port, "127.0.0.1", (error) => (error ? failed(error) : sent())));

const found = (service: string, count: number) =>
  until(async () => {
    const traces = await search<JaegerTrace>(server.query, { service, limit: "100" });
    return traces.length === count ? traces : undefined;
  }, `${count} traces of ${service}`);

interface JaegerTrace {
  readonly traceID: string;
  readonly spans: readonly {
    readonly spanID: string;
    readonly operationName: string;
    readonly duration: number;
    readonly tags: readonly { readonly key: string; readonly type: string; readonly value: unknown }[];
  }[];
  readonly processes: Readonly<Record<string, { readonly serviceName: string; readonly tags: readonly object[] }>>;
}

const SIZE = { key: "size", type: "int64", value: "9007199254740993" };

describe("datagrams of Jaeger's clients", () => {
  test.each([["compact"], ["binary"]] as const)(
    "are taken in the %s protocol, those beside a broken one too",
    async (protocol) => {
      const names = ["one", "two", "three"];
      const port = server.udp[protocol];
      await sendTo(port, Buffer.from("no call at all"));
      for (const [i] of names.entries()) {
        const one = {
          ...batch(`agent-${protocol}`, names),
          spans: batch(`agent-${protocol}`, names).spans.slice(i, i + 1),
        };
        await sendTo(port, thriftCallBytes(protocol, "emitBatch", "jaeger.Batch", one));
      }
      const traces = await found(`agent-${protocol}`, 3);
      expect(traces.flatMap(({ spans }) => spans.map(({ operationName }) => operationName)).sort()).toEqual(
        [...names].sort(),
      );
      for (const { spans, processes } of traces) {
        expect(spans[0]).toMatchObject({ duration: 1500, tags: [SIZE] });
        expect(Object.values(processes)).toEqual([
          { serviceName: `agent-${protocol}`, tags: [{ key: "zone", type: "string", value: "b" }] },
        ]);
      }
      const lost = server.lines.filter((line) => line.msg === "datagrams were lost" && line.protocol === protocol);
      expect(lost).toEqual([expect.objectContaining({ level: "warn", lost: 1, by: "malformed" })]);
    },
  );

  test("in a burst are all taken", async () => {
    const count = 2000;
    for (let i = 0; i < count; i++) {
      const { process, spans } = batch("burst", ["x"]);
      const [span] = spans;
      const own = { process, spans: [{ ...span, traceIdLow: BigInt(i + 1), traceIdHigh: 99n }] };
      await sendTo(server.udp.compact, thriftCallBytes("compact", "emitBatch", "jaeger.Batch", own));
    }
    await until(async () => {
      const traces = await search<JaegerTrace>(server.query, { service: "burst", limit: "2000" });
      return traces.length === count ? true : undefined;
    }, `${count} traces`);
  });
});

describe("Thrift over HTTP", () => {
  const post = (body: Uint8Array, type: string, more: Record<string, string> = {}, door = server.jaeger) =>
    fetch(`${door}/api/traces?format=jaeger.thrift`, {
      method: "POST",
      body: Buffer.from(body),
      headers: { "Content-Type": type, ...more },
    });

  test.each([
    ["binary", "application/x-thrift", {}],
    ["binary", "application/vnd.apache.thrift.binary; charset=x", { "Content-Encoding": "gzip" }],
    ["compact", "application/vnd.apache.thrift.compact", {}],
  ] as const)("is taken as %s (%s), on its own port and on OTLP's", async (protocol, type, more) => {
    const service = `http-${type.length}-${Object.keys(more).length}`;
    const bytes = thriftBytes(protocol, "jaeger.Batch", batch(service, ["a", "b"]));
    const body = "Content-Encoding" in more ? gzipSync(bytes) : bytes;
    for (const door of [server.jaeger, server.otlp]) {
      const answer = await post(body, type, more, door);
      expect([answer.status, await answer.text()]).toEqual([202, ""]);
    }
    const traces = await found(service, 2);
    expect(traces.flatMap(({ spans }) => spans[0]?.tags ?? [])).toEqual([SIZE, SIZE]);
  });

  test.each([
    ["application/json", "{}", 415, "Content-Type application/json: expected application/x-thrift"],
    ["application/x-thrift", "not thrift", 400, ""],
  ])("%s with %s is refused with %i", async (type, body, status, message) => {
    const answer = await post(Buffer.from(body), type);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([status, "text/plain; charset=utf-8"]);
    expect(await answer.text()).toContain(message);
  });

  test("another method is 405, another path 404, and the oldest clients ask here how to sample", async () => {
    const wrong = await fetch(`${server.jaeger}/api/traces`);
    expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "POST"]);
    expect((await fetch(`${server.jaeger}/api/spans`)).status).toBe(404);
    const strategy = await fetch(`${server.jaeger}/api/sampling?service=x`);
    expect(await strategy.json()).toEqual({
      strategyType: "PROBABILISTIC",
      probabilisticSampling: { samplingRate: 1 },
    });
  });
});

test("a UDP port that is taken is named with its flag", async () => {
  const other = temporaryFolder();
  const { code, stderr } = await runServer([
    ...ANY_PORTS,
    ...["--data", other.path, "--udp-compact-port", String(server.udp.compact)],
  ]);
  other.remove();
  expect([code, stderr]).toEqual([
    1,
    "skua: --udp-compact-port: the port is taken on 127.0.0.1; free it or name another\n",
  ]);
});

describe("Zipkin's port", () => {
  const span = { traceId: "463ac35c9f6413ad48485a3953bb6124", id: "a2fb4a1d1a96d312", name: "get", duration: 1500 };
  const local = { serviceName: "zipkin-cart", ipv4: "10.0.0.1", port: 8080 };

  test("takes both generations, and shows them as one trace", async () => {
    const timestamp = Date.now() * 1000;
    const v2 = [{ ...span, timestamp, kind: "SERVER", localEndpoint: local, tags: { "http.path": "/cart" } }];
    const v1 = [
      {
        ...{
          traceId: span.traceId,
          id: "b2fb4a1d1a96d312",
          parentId: span.id,
          name: "query",
          timestamp,
          duration: 500,
        },
        annotations: [{ timestamp, value: "cs", endpoint: local }],
        binaryAnnotations: [{ key: "sa", value: true, endpoint: { serviceName: "db" } }],
      },
    ];
    for (const [path, body] of [
      ["/api/v2/spans", v2],
      ["/api/v1/spans", v1],
    ] as const) {
      const answer = await fetch(server.zipkin + path, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body),
      });
      expect([answer.status, await answer.text()]).toEqual([202, ""]);
    }
    const trace = await until(async () => {
      const [one] = await search<JaegerTrace>(server.query, { service: "zipkin-cart", limit: "1" });
      return one?.spans.length === 2 ? one : undefined;
    }, "a trace of both");
    const tags = trace.spans.flatMap((own) => own.tags.map(({ key, value }) => `${own.operationName} ${key}=${value}`));
    expect(tags).toEqual(
      expect.arrayContaining([
        "get http.path=/cart",
        "get span.kind=server",
        "query span.kind=client",
        "query peer.service=db",
      ]),
    );
  });
});
