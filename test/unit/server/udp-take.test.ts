import { expect, test } from "vitest";
import { takeDatagrams } from "../../../functions/server/udp-take.ts";
import { TracingError } from "../../../lib/model/errors.ts";
import type { IngestOutcome } from "../../../lib/pipeline/ingest.ts";
import { thriftCallBytes } from "../../support/thrift-structs.ts";

const START = 1_790_000_000_000_000n;
const datagram = thriftCallBytes("compact", "emitBatch", "jaeger.Batch", {
  process: { serviceName: "cart" },
  spans: [
    {
      ...{ traceIdLow: 1n, traceIdHigh: 0n, spanId: 2n, parentSpanId: 0n, operationName: "get", flags: 1 },
      ...{ startTime: START, duration: 5n },
    },
  ],
});

function world(...outcomes: (Partial<IngestOutcome> | Error)[]) {
  const told: unknown[] = [];
  const lost: unknown[] = [];
  const sent: number[] = [];
  const ingest = async (_: string, traces: Uint8Array): Promise<IngestOutcome> => {
    sent.push(traces.length);
    const outcome = outcomes.shift() ?? {};
    if (outcome instanceof Error) throw outcome;
    return { acceptedSpans: 1, rejectedSpans: 0, message: "", ...outcome };
  };
  const take = takeDatagrams({
    ingests: { compact: ingest, binary: ingest },
    tenant: "default",
    sleep: async () => undefined,
    onLost: (loss) => lost.push(loss),
    tell: (happening) => told.push(happening),
  });
  return { take, told, lost, sent };
}

test("spans that were refused and spans that were cut are told, since their sender cannot be", async () => {
  const { take, told, lost } = world({ rejectedSpans: 2, truncatedSpans: 3, message: "why" });
  await take("compact", [datagram, datagram]);
  expect([told, lost]).toEqual([
    [
      {
        ...{ level: "warn", message: "spans from datagrams were refused", by: { protocol: "compact" } },
        ...{ counts: { rejectedSpans: 2 }, why: { message: "why" } },
      },
      {
        ...{ level: "warn", message: "spans from datagrams were cut", by: { protocol: "compact" } },
        ...{ counts: { truncatedSpans: 3 }, why: { message: "why" } },
      },
    ],
    [],
  ]);
});

test("what cannot be read is counted, and its neighbours are taken", async () => {
  const { take, lost, sent } = world();
  await take("compact", [Buffer.from("rubbish"), datagram, Buffer.alloc(0), datagram]);
  expect(lost).toEqual([
    { protocol: "compact", lost: 2, by: "malformed", first: expect.stringContaining("message begins with 0x72") },
  ]);
  expect(sent).toHaveLength(1);
});

test("datagrams that are too much together are taken apart; one that is too much by itself is lost", async () => {
  const large = new TracingError("too_large", "too much");
  const { take, lost, sent } = world(large, large, large, large, {});
  await take("compact", [datagram, datagram, datagram]);
  expect(sent.map((bytes) => bytes / (sent[1] as number))).toEqual([3, 1, 2, 1, 1]);
  expect(lost).toEqual([
    { protocol: "compact", lost: 1, by: "stream", error: large },
    { protocol: "compact", lost: 1, by: "stream", error: large },
  ]);
});

test("what the stream does not take now is tried again, what it will never take is lost, and counted", async () => {
  const passing = new TracingError("unavailable", "full");
  const late = world(passing, passing);
  await late.take("compact", [datagram]);
  expect([late.sent.length, late.lost]).toEqual([3, []]);
  const fault = new Error("never");
  const never = world(fault);
  await never.take("compact", [datagram, datagram]);
  expect(never.lost).toEqual([{ protocol: "compact", lost: 2, by: "stream", error: fault }]);
});
