import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type ClientHttp2Session, connect, constants } from "node:http2";
import { connect as connectSocket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { opentelemetry } from "../../proto/gen/index.js";
import { rawClient } from "../support/grpc-client.ts";
import { grpcFrame } from "../support/grpc-frames.ts";
import { newTraceId, wholeTrace } from "../support/otlp.ts";
import { type SkuaServer, startServer, temporaryFolder } from "../support/skua-server.ts";

const { ExportTraceServiceRequest } = opentelemetry.proto.collector.trace.v1;
const EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
const MEBIBYTE = 1024 * 1024;

const folder = temporaryFolder();
let server: SkuaServer;
beforeAll(async () => {
  server = await startServer({ data: folder.path });
}, 60_000);
afterAll(async () => {
  expect(await server.stop()).toBe(0);
  folder.remove();
}, 30_000);

const traces = (traceId: string): Uint8Array =>
  ExportTraceServiceRequest.encode(
    ExportTraceServiceRequest.fromObject({
      resourceSpans: [
        {
          scopeSpans: [
            {
              spans: [
                {
                  ...{ traceId: Buffer.from(traceId, "hex"), spanId: randomBytes(8), name: "work" },
                  ...{ startTimeUnixNano: Date.now() * 1e6, endTimeUnixNano: Date.now() * 1e6 + 1000 },
                },
              ],
            },
          ],
        },
      ],
    }),
  ).finish();

/** Whoever behaves is served, whatever others do; all that is sent is stored. */
async function isServed(): Promise<void> {
  const client = rawClient(server.otlpGrpc);
  const id = newTraceId();
  expect(await client.unary(EXPORT, traces(id))).toEqual(Buffer.alloc(0));
  client.close();
  await wholeTrace(server.query, id, 1);
}

const residentBytes = (): number =>
  1024 * Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.process.pid}/status`, "utf8"))?.[1]);

const sessions: ClientHttp2Session[] = [];
afterEach(() => {
  for (const session of sessions.splice(0)) session.destroy();
});
function session(): ClientHttp2Session {
  const one = connect(server.otlpGrpc);
  one.on("error", () => undefined);
  sessions.push(one);
  return one;
}

const HEADERS = {
  ":method": "POST",
  ":path": EXPORT,
  "content-type": "application/grpc+proto",
  te: "trailers",
};

/** What a call comes to whose body is these bytes: its gRPC status, or how the stream ended. */
async function call(body: Uint8Array, headers: Record<string, string> = {}, isEnded = true): Promise<string> {
  const stream = session().request({ ...HEADERS, ...headers });
  const told: string[] = [];
  stream.on("response", (got) => told.push(String(got["grpc-status"] ?? "")));
  stream.on("trailers", (got) => told.push(String(got["grpc-status"] ?? "")));
  stream.on("error", () => undefined);
  stream.resume();
  if (isEnded) stream.end(Buffer.from(body));
  else stream.write(Buffer.from(body));
  const signal = AbortSignal.timeout(15_000);
  await Promise.race([once(stream, "close", { signal }), once(stream, "end", { signal })]);
  return told.findLast((status) => status !== "") ?? `reset ${stream.rstCode}`;
}

const whole = grpcFrame(traces(newTraceId()));
const zipped = gzipSync(traces(newTraceId()));
const lengthOf = (bytes: number): Buffer => {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(bytes, 1);
  return header;
};

test.each([
  ["nothing", Buffer.alloc(0), {}, true],
  ["half a header", whole.subarray(0, 3), {}, true],
  ["half a message", whole.subarray(0, whole.length - 4), {}, true],
  ["a length that is too short", Buffer.concat([lengthOf(7), whole.subarray(5)]), {}, true],
  ["two messages", Buffer.concat([whole, whole]), {}, true],
  ["a message that is said to be compressed, and not how", grpcFrame(zipped, 1), {}, true],
  [
    "a message that is not what it is said to be compressed with",
    grpcFrame(whole, 1),
    { "grpc-encoding": "gzip" },
    true,
  ],
  ["half of what was compressed", grpcFrame(zipped.subarray(0, 20), 1), { "grpc-encoding": "gzip" }, true],
  ["a compression that nobody knows", grpcFrame(zipped, 1), { "grpc-encoding": "snappy" }, true],
  ["bytes that are no request", grpcFrame(randomBytes(1000)), {}, true],
] as const)("a call with %s fails by itself", async (_, body, headers, isEnded) => {
  expect(await call(body, headers, isEnded)).not.toBe("0");
  await isServed();
});

test("a message of 100 MiB is refused by its header, before any of it is sent", async () => {
  const before = residentBytes();
  const statuses = await Promise.all(Array.from({ length: 20 }, () => call(lengthOf(100 * MEBIBYTE), {}, false)));
  expect(new Set(statuses)).toEqual(new Set(["8"]));
  expect(residentBytes() - before).toBeLessThan(100 * MEBIBYTE);
  await isServed();
}, 30_000);

test("a request of more spans than are taken is refused, with no reason to send it again", async () => {
  const one = traces(newTraceId());
  // Messages one after the other are one message.
  const request = Buffer.alloc(one.length * 200_001, one);
  const client = rawClient(server.otlpGrpc);
  const answer = await client.unary(EXPORT, request);
  client.close();
  if (!(answer instanceof Error)) throw new Error("it was taken");
  expect([answer.code, answer.details]).toEqual([8, "the request has more than 200000 spans; send smaller batches"]);
  expect(answer.metadata.get("grpc-status-details-bin")).toEqual([]);
  await isServed();
}, 30_000);

test("a small message that swells beyond what is taken is refused, and does not fill the memory", async () => {
  const bomb = grpcFrame(gzipSync(Buffer.alloc(200 * MEBIBYTE), { level: 1 }), 1);
  const before = residentBytes();
  expect(await call(bomb, { "grpc-encoding": "gzip" })).toBe("8");
  expect(residentBytes() - before).toBeLessThan(150 * MEBIBYTE);
  await isServed();
}, 30_000);

test("what is not HTTP/2, at once or behind its preface, ends that connection only", async () => {
  const { hostname, port } = new URL(server.otlpGrpc);
  const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  for (const bytes of [
    randomBytes(5000),
    Buffer.from("GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    Buffer.concat([preface, randomBytes(5000)]),
    // A frame of settings that says it is 16 MiB long; a window that nobody opened; a continuation of nothing.
    Buffer.concat([preface, Buffer.from("ffffff040000000000", "hex"), Buffer.alloc(5000)]),
    Buffer.concat([
      preface,
      Buffer.from("000000040000000000", "hex"),
      Buffer.from("00000408000000000100000000", "hex"),
    ]),
    Buffer.concat([
      preface,
      Buffer.from("000000040000000000", "hex"),
      Buffer.from("000004090400000001deadbeef", "hex"),
    ]),
  ]) {
    const socket = connectSocket(Number(port), hostname);
    socket.on("error", () => undefined);
    socket.resume();
    socket.write(bytes);
    const closed = once(socket, "close", { signal: AbortSignal.timeout(15_000) });
    await Promise.race([closed, pause(3000)]);
    socket.destroy();
    await isServed();
  }
}, 60_000);

test("thousands of calls that are taken back at once hold nobody up, and leave nothing behind", async () => {
  await isServed();
  const before = residentBytes();
  for (let round = 0; round < 10; round++) {
    const hostile = session();
    await once(hostile, "connect");
    for (let i = 0; i < 1000 && !hostile.destroyed && !hostile.closed; i++) {
      const stream = hostile.request(HEADERS);
      stream.on("error", () => undefined);
      stream.write(whole.subarray(0, 10));
      stream.close(constants.NGHTTP2_CANCEL);
      if (i % 100 === 99) await pause(1);
    }
    if (round % 3 === 0) await isServed();
    hostile.destroy();
  }
  await isServed();
  expect(residentBytes() - before).toBeLessThan(200 * MEBIBYTE);
}, 60_000);

test("calls that are begun and never ended are bounded by connection, and others are served beside them", async () => {
  const hostile = session();
  for (let i = 0; i < 500; i++) {
    const stream = hostile.request(HEADERS);
    stream.on("error", () => undefined);
    stream.write(whole.subarray(0, whole.length - 1));
  }
  await pause(500);
  await isServed();
}, 30_000);
