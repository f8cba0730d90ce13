import { describe, expect, test } from "vitest";
import { TracingError } from "../../../lib/model/errors.ts";
import { backoffMillis, isTransient } from "../../../lib/runtime/retry.ts";

describe("retrying", () => {
  test("waits anything up to a ceiling that doubles and then stays", () => {
    const backoff = { baseMillis: 10, maxMillis: 100 };
    expect([0, 1, 2, 3, 4, 60].map((attempt) => backoffMillis(attempt, () => 1, backoff))).toEqual([
      10, 20, 40, 80, 100, 100,
    ]);
    expect(backoffMillis(3, () => 0, backoff)).toBe(0);
  });

  test("helps where the other side was busy or away, and nowhere else", () => {
    expect(isTransient(new TracingError("throttled", "busy"))).toBe(true);
    expect(isTransient(new TracingError("unavailable", "away"))).toBe(true);
    expect(isTransient(new TracingError("invalid_argument", "never"))).toBe(false);
    expect(isTransient(new Error("unknown"))).toBe(false);
  });
});
