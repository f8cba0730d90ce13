import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EdgeJoin, type JoinedEdges, type WaitingReference } from "../../../../lib/store/counts/edge-join.ts";
import { EdgeSums } from "../../../../lib/store/counts/edge-sums.ts";
import { EntryIndex } from "../../../../lib/store/counts/entry-index.ts";
import { readLargeHour, readWaiting, writeLargeHour, writeWaiting } from "../../../../lib/store/counts/large-hour.ts";
import type { MinuteRow } from "../../../../lib/store/counts/minutes.ts";
import { readRolledEdges, readRolledMinutes } from "../../../../lib/store/counts/read-rolled.ts";
import type { Edge, EdgeCounts, MinuteCounts } from "../../../../lib/store/counts/types.ts";
import { writeRolledEdges, writeRolledMinutes } from "../../../../lib/store/counts/write-rolled.ts";

const name = fc.oneof(fc.string({ unit: "grapheme", maxLength: 12 }), fc.string({ minLength: 300, maxLength: 400 }));
const edge: fc.Arbitrary<Edge> = fc.record({ parent: name, child: name, calls: fc.integer({ min: 1, max: 2 ** 45 }) });
const durations = fc
  .uniqueArray(fc.tuple(fc.nat({ max: 511 }), fc.integer({ min: 1, max: 1e9 })), {
    selector: ([bucket]) => bucket,
    minLength: 1,
    maxLength: 40,
  })
  .map((pairs) => pairs.sort((a, b) => a[0] - b[0]));
const minuteRow: fc.Arbitrary<MinuteRow> = fc.record({
  ...{ service: fc.constant(0), operation: name, kind: fc.nat({ max: 5 }), minute: fc.nat({ max: 59 }) },
  ...{ errors: fc.nat(), durations },
});

const waitingReference: fc.Arbitrary<WaitingReference> = fc.record({
  ...{ hash: fc.nat(2 ** 48 - 1), reference: fc.nat(2 ** 48 - 1), side: fc.nat(2), service: name },
});

describe("items of a large hour", () => {
  test("hold all references that wait, in order, none larger than its limit", () => {
    fc.assert(
      fc.property(
        fc.array(waitingReference, { maxLength: 60 }),
        fc.integer({ min: 2_000, max: 4_000 }),
        (all, limit) => {
          const bodies = writeWaiting(all, limit);
          for (const body of bodies) expect(body.length).toBeLessThanOrEqual(limit);
          const read = bodies
            .map(readWaiting)
            .flatMap(({ services, halves: { count, hash, references, flags, service } }) =>
              Array.from({ length: count }, (_, i) => ({
                ...{ hash: hash[i], reference: references[i], side: flags[i], service: services[service[i] ?? 0] },
              })),
            );
          expect(read).toEqual(all);
        },
      ),
    );
  });

  test("keep within the limit the most frequent edges, and the calls of the rest as one", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(edge, { maxLength: 40, selector: ({ parent, child }) => `${parent} > ${child}` }),
        (all) => {
          const body = writeLargeHour({ bodies: 3, spans: 9, fromAt: 12, joined: { edges: all, unmet: 4 } }, 3_000);
          expect(body.length).toBeLessThanOrEqual(3_000);
          const { joined, ...numbers } = readLargeHour(body);
          expect([numbers, joined.unmet]).toEqual([{ bodies: 3, spans: 9, fromAt: 12 }, 4]);
          const sum = (edges: readonly Edge[]) => edges.reduce((calls, one) => calls + one.calls, 0);
          expect(sum(joined.edges)).toBe(sum(all));
        },
      ),
    );
  });
});

describe("bodies of a rolled hour", () => {
  test("hold all edges, in order, none larger than its limit", () => {
    fc.assert(
      fc.property(
        fc.array(edge, { maxLength: 60 }),
        fc.nat(),
        fc.integer({ min: 2_000, max: 9_000 }),
        (all, unmet, limit) => {
          const bodies = writeRolledEdges(all, unmet, limit);
          for (const body of bodies) expect(body.length).toBeLessThanOrEqual(limit);
          const read = bodies.map(readRolledEdges);
          expect(read.flatMap(({ edges }) => edges)).toEqual(all);
          expect(read.map(({ bodies: count }) => count)).toEqual(bodies.map(() => bodies.length));
          expect(read.reduce((sum, one) => sum + one.unmet, 0)).toBe(unmet);
        },
      ),
    );
  });

  test("hold all minutes of a service, in order, none larger than its limit", () => {
    fc.assert(
      fc.property(
        name,
        fc.array(minuteRow, { maxLength: 40 }),
        fc.integer({ min: 2_000, max: 5_000 }),
        (service, all, limit) => {
          const read: MinuteCounts[] = [];
          for (const body of writeRolledMinutes(service, all, limit)) {
            expect(body.length).toBeLessThanOrEqual(limit);
            readRolledMinutes(body, (minute) => read.push(minute));
          }
          expect(read).toEqual(
            all.map((row) => ({
              ...{ service, operation: row.operation, kind: row.kind, minute: row.minute, errors: row.errors },
              calls: row.durations.reduce((sum, [, count]) => sum + count, 0),
              durations: new Map(row.durations),
            })),
          );
        },
      ),
    );
  });

  test("are refused when they are cut, never read as less", () => {
    const [body = new Uint8Array()] = writeRolledEdges([{ parent: "a", child: "b", calls: 7 }], 1, 1_000);
    for (let length = 0; length < body.length; length++)
      expect(() => readRolledEdges(body.subarray(0, length))).toThrow(/corrupt|format version/);
    const row = { service: 0, operation: "op", kind: 2, minute: 3, errors: 1, durations: [[7, 2]] as const };
    const [minutes = new Uint8Array()] = writeRolledMinutes("a", [row], 1_000);
    for (let length = 0; length < minutes.length; length++)
      expect(() => readRolledMinutes(minutes.subarray(0, length), () => {})).toThrow(/corrupt|format version/);
  });
});

describe("numbering hashes", () => {
  test("gives each hash one number, in the order of their first coming", () => {
    const hash = fc.oneof(
      fc.nat({ max: 2 ** 48 - 1 }),
      fc.nat({ max: 50 }),
      fc.nat({ max: 50 }).map((n) => n * 2 ** 32),
    );
    fc.assert(
      fc.property(
        fc.array(hash, { maxLength: 400 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (hashes, salt) => {
          const index = new EntryIndex(() => salt);
          const known = [...new Set(hashes)];
          expect(hashes.map((one) => index.findOrAdd(one))).toEqual(hashes.map((one) => known.indexOf(one)));
          expect(index.size).toBe(known.length);
          for (const one of [...hashes, 2 ** 47 + 1]) expect(index.find(one)).toBe(known.indexOf(one));
        },
      ),
    );
  });
});

describe("a runaway number of names", () => {
  const none: EdgeCounts["halves"] = {
    ...{ count: 0, hash: new Float64Array(), service: new Uint32Array(), flags: new Uint8Array() },
    ...{ starts: new Uint32Array(1), references: [], peers: new Map() },
  };

  test("of services beyond 10,000 is counted as one service", () => {
    const join = new EdgeJoin(() => 0.5);
    const services = Array.from({ length: 12_000 }, (_, n) => `service ${n}`);
    const edges = services.map((parent) => ({ parent, child: "service 0", calls: 2 }));
    join.addSettled({ services, edges, halves: none }, 7);
    const found = join.join().get(7)?.edges ?? [];
    expect(found).toHaveLength(10_001);
    expect(found.find(({ parent }) => parent === "other")?.calls).toBe(4_000);
  });

  test("of edges keeps the most frequent, and adds up the rest", () => {
    fc.assert(
      fc.property(fc.array(edge, { maxLength: 50 }), fc.integer({ min: 1, max: 20 }), (edges, most) => {
        const sums = new EdgeSums();
        sums.add({ edges, unmet: 3 });
        const total = ({ edges: some }: JoinedEdges) => some.reduce((sum, { calls }) => sum + calls, 0);
        const [all, kept] = [sums.all(), sums.most(most)];
        expect([total(all), kept.unmet]).toEqual([total({ edges, unmet: 0 }), 3]);
        expect(total(kept)).toBe(total(all));
        expect(kept.edges.length).toBeLessThanOrEqual(most + 1);
        const least = Math.min(...kept.edges.filter(({ parent }) => parent !== "other").map(({ calls }) => calls));
        for (const lost of all.edges.filter(
          (one) => !kept.edges.some((two) => two.parent === one.parent && two.child === one.child),
        ))
          expect(lost.calls).toBeLessThanOrEqual(least);
      }),
    );
  });
});
