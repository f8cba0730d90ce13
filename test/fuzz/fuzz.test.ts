import { expect, test } from "vitest";
import { fuzz } from "./fuzz.ts";
import { isPlain } from "./plain-doors.ts";

test("a mutated request is refused cleanly, or is a message that can be divided, stored and read", () => {
  const counts = fuzz(420, 7);
  for (const [door, own] of counts) {
    expect(own.refused).toBeGreaterThan(100);
    // Files, and calls for something else, bring no spans.
    expect(isPlain(door) ? own.empty : own.spans).toBeGreaterThan(40);
  }
}, 120_000);
