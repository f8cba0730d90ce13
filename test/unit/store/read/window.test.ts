import { describe, expect, test } from "vitest";
import {
  around,
  eachDay,
  eachHour,
  hintedHours,
  hoursBetween,
  isEmpty,
  keptHours,
  overlap,
} from "../../../../lib/store/read/window.ts";

const HOUR_NANOS = 3_600_000_000_000n;

describe("the hours that a question touches", () => {
  test("a window covers the hours of both its ends; one that is turned around covers none", () => {
    expect(hoursBetween(HOUR_NANOS * 5n - 1n, HOUR_NANOS * 6n)).toEqual({ first: 4, last: 6 });
    expect(isEmpty(hoursBetween(2n, 1n))).toBe(true);
  });

  test("an hour is kept until the retention after its end is over", () => {
    expect(keptHours(100 * 3_600_000 - 1, 24).first).toBe(75);
    expect(keptHours(100 * 3_600_000, 24).first).toBe(76);
  });

  test("hours and days are walked newest first, and nothing has neither", () => {
    expect(eachHour({ first: 47, last: 49 })).toEqual([49, 48, 47]);
    expect(eachDay({ first: 47, last: 49 })).toEqual([2, 1]);
    expect(eachHour({ first: 5, last: 4 })).toEqual([]);
    expect(eachDay({ first: 48, last: 47 })).toEqual([]);
    expect(eachDay(overlap({ first: 1, last: 3 }, { first: 4, last: 9 }))).toEqual([]);
  });

  test("a hint reaches a day beyond either end; half a hint is a point", () => {
    expect(hintedHours(HOUR_NANOS * 50n, HOUR_NANOS * 51n)).toEqual({ first: 26, last: 75 });
    expect(hintedHours(undefined, HOUR_NANOS * 51n)).toEqual(around({ first: 51, last: 51 }));
    expect(hintedHours(undefined, undefined)).toBeUndefined();
    expect(hintedHours(2n, 1n)).toBeUndefined();
  });
});
