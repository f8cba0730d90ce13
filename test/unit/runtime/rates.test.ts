import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TracingError } from "../../../lib/model/errors.ts";
import { type Rate, tenantRates } from "../../../lib/runtime/rates.ts";

function world(rates: Readonly<Record<string, Rate>>) {
  let now = 1_000_000;
  const take = tenantRates(
    (tenant) => rates[tenant],
    () => now,
  );
  return {
    pass: (seconds: number) => {
      now += seconds * 1000;
    },
    /** Seconds to wait, or undefined when it went through. */
    send(tenant: string, spans: number, bytes = 1): number | undefined {
      try {
        take(tenant, spans, bytes);
        return undefined;
      } catch (error) {
        if (error instanceof TracingError && error.code === "throttled") return error.retryAfterSeconds;
        throw error;
      }
    },
  };
}

describe("a tenant with a rate", () => {
  test("may burst, is then told when to come back, and is let in again by then", () => {
    const { send, pass } = world({ acme: { spansPerSecond: 100 } });
    expect(send("acme", 1000)).toBeUndefined();
    expect(send("acme", 1)).toBe(1);
    pass(1);
    expect(send("acme", 350)).toBeUndefined();
    expect(send("acme", 1)).toBe(3);
    pass(3);
    expect(send("acme", 1)).toBeUndefined();
  });

  test("is held by bytes as by spans, in words", () => {
    const { send } = world({ acme: { bytesPerSecond: 1000 } });
    expect(send("acme", 1_000_000, 20_000)).toBeUndefined();
    expect(send("acme", 1, 1)).toBe(10);
    const take = tenantRates(
      () => ({ spansPerSecond: 5 }),
      () => 0,
    );
    take("acme", 50, 1);
    expect(() => take("acme", 1, 1)).toThrow("tenant acme has sent more than its 5 spans a second");
  });

  test("takes nothing from others, nor does a clock that is set back", () => {
    const { send, pass } = world({ acme: { spansPerSecond: 1 }, rook: { spansPerSecond: 1 } });
    expect(send("acme", 10)).toBeUndefined();
    expect(send("acme", 1)).toBe(1);
    expect(send("rook", 10)).toBeUndefined();
    for (let i = 0; i < 100; i++) expect(send("free", 1_000_000)).toBeUndefined();
    pass(-1000);
    expect(send("acme", 1)).toBe(1);
    pass(2);
    expect(send("acme", 1)).toBeUndefined();
  });

  test("never gets through more than the burst, its rate and one request", () => {
    const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 5000 }), fc.integer({ min: 1, max: 500 })), {
      minLength: 1,
      maxLength: 200,
    });
    fc.assert(
      fc.property(steps, (requests) => {
        const { send, pass } = world({ acme: { spansPerSecond: 100 } });
        let passed = 0;
        let seconds = 0;
        for (const [millis, spans] of requests) {
          pass(millis / 1000);
          seconds += millis / 1000;
          if (send("acme", spans) === undefined) passed += spans;
        }
        expect(passed).toBeLessThanOrEqual(1000 + 100 * seconds + 500);
      }),
    );
  });
});
