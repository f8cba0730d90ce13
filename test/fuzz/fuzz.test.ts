import { expect, test } from "vitest";
import { fuzz } from "./fuzz.ts";

test("a mutated request is refused cleanly, or is a message that can be divided, stored and read", () => {
  const counts = fuzz(5_000, 7);
  for (const own of Object.values(counts)) {
    expect(own.refused).toBeGreaterThan(100);
    expect(own.spans).toBeGreaterThan(100);
  }
}, 120_000);
