import { expect, test } from "vitest";
import { fuzz } from "./fuzz.ts";

test("a mutated request is refused cleanly, or is a message that can be divided, stored and read", () => {
  const counts = fuzz(420, 7);
  for (const own of counts.values()) {
    expect(own.refused).toBeGreaterThan(100);
    expect(own.spans).toBeGreaterThan(40);
  }
}, 120_000);
