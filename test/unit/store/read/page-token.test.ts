import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { TraceQuery } from "../../../../lib/model/trace-query.ts";
import { decodePageToken, encodePageToken, type PageStart } from "../../../../lib/store/read/page-token.ts";
import { memoryItems } from "../../../support/memory-items.ts";
import { openStore } from "../../../support/search-world.ts";

const QUERY: TraceQuery = {
  service: "cart",
  operation: undefined,
  tags: [
    { key: "a", value: "1" },
    { key: "b", value: "2" },
  ],
  startMinNanos: 1n,
  startMaxNanos: 2n ** 63n,
  durationMinNanos: undefined,
  durationMaxNanos: undefined,
  limit: 20,
};
const PAGE: PageStart = {
  asOf: 1_764_000_000_000,
  after: { start: 1_764_000_000_123_456_789n, id: "0af7651916cd43dd8448eb211c80319c" },
};

const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const id = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes).toString("hex"));

describe("a page token", () => {
  test("brings back where the page begins, and can stand in a URL as it is", () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(Number.MAX_SAFE_INTEGER), uint64, id, (tenant, asOf, start, traceId) => {
        const page = { asOf, after: { start, id: traceId } };
        const token = encodePageToken(tenant, QUERY, page);
        expect(token).toMatch(/^[A-Za-z0-9_-]+$/);
        expect(decodePageToken(tenant, QUERY, token)).toEqual(page);
      }),
    );
  });

  const token = encodePageToken("shop", QUERY, PAGE);

  test("goes with the same search for more or fewer traces, its tags in any order", () => {
    expect(decodePageToken("shop", { ...QUERY, limit: 1, tags: [...QUERY.tags].reverse() }, token)).toEqual(PAGE);
  });

  test.each<[string, string, Partial<TraceQuery>]>([
    ["another tenant", "shop2", {}],
    ["another service", "shop", { service: "checkout" }],
    ["an operation", "shop", { operation: "cart" }],
    ["fewer tags", "shop", { tags: QUERY.tags.slice(1) }],
    ["another value", "shop", { tags: [{ key: "a", value: "2" }, ...QUERY.tags.slice(1)] }],
    ["another window", "shop", { startMaxNanos: 2n ** 62n }],
    ["a duration", "shop", { durationMinNanos: 1n }],
    ["the other duration", "shop", { durationMaxNanos: 1n }],
  ])("is refused with %s", (_, tenant, more) => {
    expect(() => decodePageToken(tenant, { ...QUERY, ...more }, token)).toThrow(
      expect.objectContaining({ code: "invalid_argument", message: expect.stringMatching(/^page token: expected/) }),
    );
  });

  test("is refused when any character of it is another, or missing, or too many", () => {
    const others = [...token].flatMap((character, i) =>
      [...(character === "A" ? "B" : "A"), ""].map((other) => token.slice(0, i) + other + token.slice(i + 1)),
    );
    for (const other of [...others, `${token}A`, `${token}=`, "", " ", "x".repeat(100_000)])
      expect(() => decodePageToken("shop", QUERY, other), other).toThrow(
        expect.objectContaining({ code: "invalid_argument" }),
      );
  });

  test("that does not belong to a search is a fault once traces are asked for, before anything is read", async () => {
    const items = memoryItems();
    const found = openStore(items, 1_764_000_000_000).find("other", QUERY, token);
    await expect(found.traces[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: "invalid_argument" });
    expect(items.calls).toBe(0);
  });
});
