import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Key } from "../../../lib/store/items.ts";
import {
  bundleKey,
  countsKey,
  countsRange,
  dayKeyKind,
  dayRange,
  HOURS_AHEAD,
  headKey,
  headRange,
  hourTtl,
  keyText,
  lateHeadKey,
  mergedInputsKey,
  mergedTermsKey,
  mergedTracesKey,
  nameTtl,
  operationKey,
  pageKey,
  readerKey,
  readHeadKey,
  readLateHeadKey,
  readStartedKey,
  rowsKey,
  serviceKey,
  startedKey,
  summaryKey,
  termsKey,
  workKey,
} from "../../../lib/store/keys.ts";
import {
  largeHourKey,
  largeHourRange,
  largeHoursOfDay,
  readRolledKey,
  rolledEdgesKey,
  rolledEdgesRange,
  rolledMinutesKey,
  rolledMinutesRange,
} from "../../../lib/store/rolled-keys.ts";

const name = fc.oneof(
  fc.string({ unit: "binary", minLength: 1 }),
  fc.stringMatching(/^[#%~a2356]{1,8}$/),
  fc.string({ unit: "grapheme", minLength: 290, maxLength: 1200 }),
);
const hour = fc.integer({ min: 0, max: 600_000 });
const at = fc.integer({ min: 0, max: 2 ** 53 - 1 });
const segment = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString("hex"));
const n = fc.integer({ min: 0, max: 100_000 });

/** Each kind of key with what it is made of. */
const made = fc.oneof(
  fc.tuple(fc.constant("head"), name, hour, at, segment).map((a) => [a, headKey(a[1], a[2], a[3], a[4])] as const),
  fc.tuple(fc.constant("late"), name, hour, at, segment).map((a) => [a, lateHeadKey(a[1], a[2], a[3], a[4])] as const),
  fc.tuple(fc.constant("summary"), name, hour).map((a) => [a, summaryKey(a[1], a[2])] as const),
  fc.tuple(fc.constant("started"), name, hour).map((a) => [a, startedKey(a[1], a[2])] as const),
  fc.tuple(fc.constant("bundle"), name, segment).map((a) => [a, bundleKey(a[1], a[2])] as const),
  fc.tuple(fc.constant("page"), name, segment, n).map((a) => [a, pageKey(a[1], a[2], a[3])] as const),
  fc.tuple(fc.constant("terms"), name, segment, n).map((a) => [a, termsKey(a[1], a[2], a[3])] as const),
  fc.tuple(fc.constant("rows"), name, segment, n).map((a) => [a, rowsKey(a[1], a[2], a[3])] as const),
  fc.tuple(fc.constant("inputs"), name, segment, n).map((a) => [a, mergedInputsKey(a[1], a[2], a[3])] as const),
  fc.tuple(fc.constant("merged terms"), name, segment, n).map((a) => [a, mergedTermsKey(a[1], a[2], a[3])] as const),
  fc.tuple(fc.constant("merged traces"), name, segment, n).map((a) => [a, mergedTracesKey(a[1], a[2], a[3])] as const),
  fc.tuple(fc.constant("service"), name, name).map((a) => [a, serviceKey(a[1], a[2])] as const),
  fc
    .tuple(fc.constant("operation"), name, name, name, fc.integer({ min: 0, max: 5 }))
    .map((a) => [a, operationKey(a[1], a[2], a[3], a[4])] as const),
  fc.tuple(fc.constant("reader"), name, name).map((a) => [a, readerKey(a[1], a[2])] as const),
  fc.tuple(fc.constant("work"), n, name, hour).map((a) => [a, workKey(a[1], a[2], a[3])] as const),
  fc
    .tuple(fc.constant("counts"), name, hour, at, segment, n)
    .map((a) => [a, countsKey(a[1], a[2], a[3], a[4], a[5])] as const),
  fc
    .tuple(fc.constant("rolled edges"), name, hour, at, n)
    .map((a) => [a, rolledEdgesKey(a[1], a[2], a[3], a[4])] as const),
  fc.tuple(fc.constant("large hour"), name, hour, at, n).map((a) => [a, largeHourKey(a[1], a[2], a[3], a[4])] as const),
  fc
    .tuple(fc.constant("rolled minutes"), name, hour, at, name, n)
    .map((a) => [a, rolledMinutesKey(a[1], a[2], a[3], a[4], a[5])] as const),
);

const isIn = (key: Key, range: { pk: string; from: Uint8Array; to: Uint8Array }): boolean =>
  key.pk === range.pk && Buffer.compare(key.sk, range.from) >= 0 && Buffer.compare(key.sk, range.to) <= 0;

describe("keys", () => {
  test("differ whenever what they name differs, whatever characters the names are made of", () => {
    fc.assert(
      fc.property(made, made, ([a, keyA], [b, keyB]) => {
        expect(keyText(keyA) === keyText(keyB)).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
      { numRuns: 2_000 },
    );
  });

  test("keep tenants and services apart where one name ends and the next begins", () => {
    expect(operationKey("a#b", "c", "o", 1)).not.toEqual(operationKey("a", "b#c", "o", 1));
    expect(operationKey("a%23b", "c", "o", 1)).not.toEqual(operationKey("a#b", "c", "o", 1));
  });

  test("have texts that differ wherever the partition key ends and the sort key begins", () => {
    const part = fc.stringMatching(/^[ 0-3\n]{0,4}$/);
    fc.assert(
      fc.property(part, part, part, part, (pkA, skA, pkB, skB) => {
        const [a, b] = [
          { pk: pkA, sk: Buffer.from(skA) },
          { pk: pkB, sk: Buffer.from(skB) },
        ];
        expect(keyText(a) === keyText(b)).toBe(pkA === pkB && skA === skB);
      }),
      { numRuns: 5_000 },
    );
  });

  test("stay within the table's limits on keys", () => {
    fc.assert(
      fc.property(made, ([, key]) => {
        expect(Buffer.byteLength(key.pk)).toBeLessThanOrEqual(2048);
        expect(key.pk.isWellFormed()).toBe(true);
        expect(key.sk.length).toBeGreaterThan(0);
        expect(key.sk.length).toBeLessThanOrEqual(1024);
      }),
    );
    const long = "\u{1F525}#%\ud83d".repeat(100_000);
    const worst = operationKey(long, long, long, 1);
    expect(Buffer.byteLength(worst.pk)).toBeLessThanOrEqual(2048);
    expect(worst.sk.length).toBeLessThanOrEqual(1024);
  });

  test("of long names differ though they begin alike", () => {
    const long = "x".repeat(5_000);
    expect(operationKey("t", `${long}a`, "o", 1).pk).not.toBe(operationKey("t", `${long}b`, "o", 1).pk);
    expect(serviceKey("t", `${long}a`).sk).not.toEqual(serviceKey("t", `${long}b`).sk);
  });

  test("of heads order by the time of their plan, and a range takes both of its ends", () => {
    fc.assert(
      fc.property(name, hour, at, at, at, segment, (tenant, h, x, y, z, id) => {
        const [from, to] = x < y ? [x, y] : [y, x];
        expect(isIn(headKey(tenant, h, z, id), headRange(tenant, h, from, to))).toBe(from <= z && z <= to);
        expect(isIn(headKey(tenant, h, z, id), headRange(tenant, h))).toBe(true);
        expect(isIn(countsKey(tenant, h, z, id, 7), countsRange(tenant, h, from, to))).toBe(from <= z && z <= to);
      }),
    );
  });

  test("of what stands beside a day's hours say what they are of, and a range takes all of the day but summaries of earlier hours", () => {
    fc.assert(
      fc.property(name, hour, hour, at, segment, fc.integer({ min: -2, max: 26 }), (tenant, h, other, time, id, n) => {
        const day = Math.floor(h / 24);
        const range = dayRange(tenant, day, day * 24 + n);
        const keys = { late: lateHeadKey(tenant, h, time, id), started: startedKey(tenant, h) };
        expect([isIn(keys.late, range), isIn(keys.started, range)]).toEqual([true, true]);
        expect(isIn(summaryKey(tenant, h), range)).toBe(h % 24 >= n);
        const isSameDay = Math.floor(other / 24) === day;
        expect(isIn(startedKey(tenant, other), range)).toBe(isSameDay);
        expect(readStartedKey(keys.started.sk)).toBe(h);
        expect([keys.late, keys.started, summaryKey(tenant, h)].map(({ sk }) => dayKeyKind(sk))).toEqual([
          "late head",
          "started",
          "summary",
        ]);
      }),
    );
  });

  test("of rolled hours order by hour and mark, and a range takes exactly its hours, or one mark of all services", () => {
    fc.assert(
      fc.property(name, hour, hour, hour, at, name, (tenant, h, x, y, mark, service) => {
        const [from, to] = x < y ? [x, y] : [y, x];
        const edges = rolledEdgesKey(tenant, h, mark, 3);
        expect(isIn(edges, rolledEdgesRange(tenant, Math.floor(h / 24), from, to))).toBe(from <= h && h <= to);
        expect(readRolledKey(edges.sk)).toEqual({ hour: h, mark, n: 3 });
        const large = largeHourKey(tenant, h, mark, 3);
        expect(readRolledKey(large.sk)).toEqual({ hour: h, mark, n: 3 });
        for (const other of [x, h]) expect(isIn(large, largeHourRange(tenant, other))).toBe(other === h);
        expect(isIn(large, largeHoursOfDay(tenant, Math.floor(x / 24)))).toBe(
          Math.floor(x / 24) === Math.floor(h / 24),
        );
        for (const one of [edges, rolledMinutesKey(tenant, h, mark, service, 3)])
          expect(isIn(one, largeHourRange(tenant, h))).toBe(false);
        const minutes = rolledMinutesKey(tenant, h, mark, service, 3);
        for (const other of [mark - 1, mark, mark + 1])
          if (other >= 0) expect(isIn(minutes, rolledMinutesRange(tenant, h, other))).toBe(other === mark);
        expect(isIn(edges, rolledMinutesRange(tenant, h, mark))).toBe(false);
        expect(isIn(minutes, rolledEdgesRange(tenant, Math.floor(h / 24), h, h))).toBe(false);
      }),
    );
  });

  test("of heads say again what they were made of", () => {
    fc.assert(
      fc.property(name, hour, at, segment, (tenant, h, time, id) => {
        expect(readHeadKey(headKey(tenant, h, time, id).sk)).toEqual({ at: time, segment: id });
        expect(readLateHeadKey(lateHeadKey(tenant, h, time, id).sk)).toEqual({ hour: h, at: time, segment: id });
      }),
    );
    expect(() => readHeadKey(Buffer.alloc(23))).toThrow("sort key of 23 bytes");
  });

  test("are not made of a segment id that is none", () => {
    expect(() => headKey("t", 1, 2, "F".repeat(32))).toThrow("expected 32 hex digits");
  });

  test("what stands in an hour expires a retention after the hour's end", () => {
    const start = Date.UTC(2026, 10, 22, 13) / 1000;
    expect(hourTtl(start / 3600, 168)).toBe(start + 3600 + 7 * 86_400);
  });

  test("a name expires no earlier than any span that comes before the name is put again", () => {
    const late = fc.integer({ min: 0, max: 3_599_999 });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2e12 }), late, fc.integer({ min: 1, max: 9_000 }), (putAt, later, kept) => {
        const hourNow = Math.floor((putAt + later) / 3_600_000);
        expect(nameTtl(putAt, kept)).toBeGreaterThanOrEqual(hourTtl(hourNow + HOURS_AHEAD, kept));
      }),
    );
  });
});
