import { readdirSync, readFileSync } from "node:fs";
import { zstdCompressSync } from "node:zlib";
import { expect, test } from "vitest";
import { readLargeHour, readWaiting } from "../../lib/store/counts/large-hour.ts";
import { readRolledEdges, readRolledMinutes } from "../../lib/store/counts/read-rolled.ts";
import { quantileNanos } from "../../lib/store/counts/sketch.ts";
import type { MinuteCounts } from "../../lib/store/counts/types.ts";
import { skua } from "../../proto/gen/index.js";
import { recordCounts } from "../oracle/counts.ts";
import { sentSpans } from "../oracle/sent-spans.ts";

/** The items of a rolled hour as version 1 wrote them, and the TracesData that was counted. Never made again: a later version gets files of its own. */
const folder = new URL("rolled-v1/", import.meta.url);
const golden = (name: string): Uint8Array => readFileSync(new URL(name, folder));

const TRACES = golden("traces.bin");
const HOUR = 490_000;
const batch = skua.v1.SpanBatch.encode({ tenant: "default", traces: TRACES }).finish();
const counted = recordCounts([{ data: Buffer.concat([Uint8Array.of(1), zstdCompressSync(batch)]) }]);

test("a rolled hour's edges of version 1 stay readable", () => {
  const { bodies, unmet, edges } = readRolledEdges(golden("edges.bin"));
  expect([bodies, unmet]).toEqual([1, 1]);
  const calls = new Map(edges.map(({ parent, child, calls: count }) => [`${parent} > ${child}`, count]));
  expect(calls).toEqual(counted.edges.get("default"));
});

test("a rolled hour's minutes of version 1 stay readable", () => {
  const minutes: MinuteCounts[] = [];
  for (const name of readdirSync(folder).filter((file) => file.startsWith("minutes-")))
    readRolledMinutes(golden(name), (minute) => minutes.push(minute));
  expect(
    new Map(
      minutes.map(({ service, operation, kind, minute, calls, errors }) => [
        ["default", HOUR, service, operation, kind, minute].join(" | "),
        { calls, errors },
      ]),
    ),
  ).toEqual(counted.minutes);
  const slowest = Math.max(...minutes.map(({ durations }) => quantileNanos(durations, 1) ?? 0));
  const exact = Math.max(...sentSpans(TRACES).map(({ start, end }) => Number(end - start)));
  expect(Math.abs(slowest - exact) / exact).toBeLessThan(0.0501);
});

test("a large hour's items of version 1 stay readable", () => {
  const large = (name: string): Uint8Array => readFileSync(new URL(`large-hour-v1/${name}`, import.meta.url));
  const edges = [
    { parent: "cart", child: "pay", calls: 2 ** 40 },
    { parent: "pay", child: "pay", calls: 5 },
  ];
  const numbers = { bodies: 1, spans: 18_000_000, fromAt: 1_764_000_123_456 };
  expect(readLargeHour(large("head.bin"))).toEqual({ ...numbers, joined: { edges, unmet: 3 } });
  const { services, halves } = readWaiting(large("waiting.bin"));
  expect([...halves.hash]).toEqual([0x0102030405, 0xa0b0c0d0e0f0, 1]);
  expect(halves.references).toEqual([0xfffefdfcfbfa, 7, 2]);
  expect([...halves.service].map((n) => services[n])).toEqual(["cart", "pay", "cart"]);
  expect([...halves.flags]).toEqual([1, 2, 0]);
});
