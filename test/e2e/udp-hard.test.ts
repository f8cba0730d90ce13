import { createSocket, type Socket } from "node:dgram";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { search, until } from "../support/otlp.ts";
import { startServer, temporaryFolder } from "../support/skua-server.ts";
import { thriftCallBytes } from "../support/thrift-structs.ts";

const folder = temporaryFolder();
const socket = createSocket("udp4");
afterAll(() => {
  socket.close();
  folder.remove();
});

const sendTo = (own: Socket, port: number, datagram: Uint8Array): Promise<void> =>
  new Promise((sent, failed) => own.send(datagram, port, "127.0.0.1", (error) => (error ? failed(error) : sent())));

/** A trace of one span. */
const datagramOf = (service: string, trace: number): Buffer =>
  thriftCallBytes("compact", "emitBatch", "jaeger.Batch", {
    process: { serviceName: service },
    spans: [
      {
        ...{
          traceIdLow: BigInt(trace + 1),
          traceIdHigh: 7n,
          spanId: 1n,
          parentSpanId: 0n,
          operationName: "x",
          flags: 1,
        },
        ...{ startTime: BigInt(Date.now()) * 1000n, duration: 1500n },
      },
    ],
  });

const all = (query: string, service: string, count: number) =>
  until(async () => {
    const traces = await search(query, { service, limit: "5000" });
    return traces.length === count ? true : undefined;
  }, `${count} traces of ${service}`);

test("datagrams that come before a server is told to stop are stored, also those that it has not looked at yet", async () => {
  const server = await startServer({ data: folder.path });
  const count = 1000;
  const datagrams = Array.from({ length: count }, (_, i) => datagramOf("burst", i));
  for (const datagram of datagrams) await sendTo(socket, server.udp.compact, datagram);
  expect(await server.stop("SIGTERM")).toBe(0);
  expect(server.lines.filter(({ msg }) => msg === "datagrams were lost")).toEqual([]);

  const again = await startServer({ data: folder.path });
  await all(again.query, "burst", count);
  expect(await again.stop()).toBe(0);
}, 60_000);

test("whoever sends rubbish fills no log: the first is told at once, all others together, and real spans are taken beside it", async () => {
  const server = await startServer({ data: folder.path });
  const lost = () => server.lines.filter(({ msg }) => msg === "datagrams were lost");
  await sendTo(socket, server.udp.compact, Buffer.from("rubbish"));
  await until(async () => (lost().length === 1 ? true : undefined), "the first line");
  const count = 2000;
  for (let i = 0; i < count; i++) {
    await sendTo(socket, server.udp.compact, Buffer.from(`rubbish ${i}`));
    if (i % 100 === 0) {
      await sendTo(socket, server.udp.compact, datagramOf("beside", i));
      await pause(10);
    }
  }
  await all(server.query, "beside", count / 100);
  expect(lost()).toHaveLength(1);
  expect(await server.stop()).toBe(0);
  expect(lost()).toEqual([
    expect.objectContaining({ level: "warn", protocol: "compact", by: "malformed", lost: 1 }),
    expect.objectContaining({ level: "warn", protocol: "compact", by: "malformed", lost: count, withinSeconds: 60 }),
  ]);
}, 60_000);
