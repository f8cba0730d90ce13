import { describe, expect, test } from "vitest";
import { TracingError } from "../../../lib/model/errors.ts";
import { backoffMillis, retried } from "../../../lib/runtime/retry.ts";

const backoff = { baseMillis: 10, maxMillis: 100 };

describe("retrying", () => {
  const options = (waits: number[]) => ({
    ...backoff,
    attempts: 4,
    random: () => 0.5,
    sleep: async (millis: number) => {
      waits.push(millis);
    },
  });

  test("repeats what is throttled or unavailable until it succeeds, waiting longer each time", async () => {
    const waits: number[] = [];
    const faults = [new TracingError("throttled", "a"), new TracingError("unavailable", "b")];
    const answer = await retried(async () => {
      const fault = faults.shift();
      if (fault !== undefined) throw fault;
      return "done";
    }, options(waits));
    expect(answer).toBe("done");
    expect(waits).toEqual([5, 10]);
  });

  test("ends with the last fault after so many attempts", async () => {
    const waits: number[] = [];
    let calls = 0;
    const attempt = async () => {
      throw new TracingError("throttled", `call ${++calls}`);
    };
    await expect(retried(attempt, options(waits))).rejects.toThrow("call 4");
    expect(waits.length).toBe(3);
  });

  test("lets every other fault through at once", async () => {
    let calls = 0;
    const attempt = async () => {
      calls++;
      throw new TracingError("invalid_argument", "never");
    };
    await expect(retried(attempt, options([]))).rejects.toThrow("never");
    expect(calls).toBe(1);
  });

  test("waits anything up to a ceiling that doubles and then stays", () => {
    expect([0, 1, 2, 3, 4, 60].map((attempt) => backoffMillis(attempt, () => 1, backoff))).toEqual([
      10, 20, 40, 80, 100, 100,
    ]);
    expect(backoffMillis(3, () => 0, backoff)).toBe(0);
  });
});
