import fc from "fast-check";
import { expect, test } from "vitest";
import { hourHeads } from "../../../../lib/pipeline/rollup/hour-heads.ts";
import { MAX_HEADS, nextMerge } from "../../../../lib/pipeline/rollup/next-merge.ts";
import { itemBatches } from "../../../../lib/store/batches.ts";
import { headKey } from "../../../../lib/store/keys.ts";
import { aWorld, index, put, shardIds } from "../../../property/rollup-world.ts";
import { memoryItems } from "../../../support/memory-items.ts";

const ONE = { tenant: "acme", hour: 490_000 };

/** What a head's item holds, as an indexer wrote it. */
async function aHead(): Promise<Uint8Array> {
  const world = aWorld(1, 8);
  await put(world, 8);
  for (const shard of await shardIds(world)) await index(world, shard, () => {}, 8);
  const head = world.table.stored().find(({ pk }) => pk.startsWith("S#"));
  return head?.body ?? new Uint8Array();
}

/** Heads of plans made at these times. */
async function hourOf(ats: readonly number[], body: Uint8Array) {
  const table = memoryItems();
  const items = ats.map((at, i) => ({ ...headKey(ONE.tenant, ONE.hour, at, `${i}`.padStart(32, "0")), body, ttl: 1 }));
  const batches = itemBatches({ items: table, clock: () => 0, sleep: async () => {}, random: () => 0.5 });
  await batches.putAll(items);
  return { table, batches };
}

test("of an hour with tens of thousands of heads so many are read as one merge takes up, and one that shows there are more", async () => {
  const body = await aHead();
  const { table, batches } = await hourOf(
    Array.from({ length: 20_000 }, (_, i) => i),
    body,
  );
  const before = table.calls;
  const heads = await hourHeads(batches, ONE, { from: 0, before: 1e9 }, false);
  expect(heads.length).toBe(MAX_HEADS + 1);
  expect(table.calls - before).toBeLessThan((body.length * 2 * MAX_HEADS) / 2 ** 20 + 3);
  expect(nextMerge({ merged: [], heads, mark: 1e9, isClosing: true })).toMatchObject({ mark: MAX_HEADS });
});

test("what is merged next is the same whether all are read or so many", async () => {
  const body = await aHead();
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 900 }), fc.boolean()), { minLength: 1, maxLength: 8 }),
      fc.boolean(),
      async (groups, isClosing) => {
        let at = 0;
        const ats = groups.flatMap(([count, isOneTime]) =>
          Array.from({ length: count }, () => (isOneTime ? at : ++at)).concat(++at),
        );
        const { batches } = await hourOf(ats.slice(0, 5_000), body);
        const mark = at + 1;
        const some = await hourHeads(batches, ONE, { from: 0, before: mark }, false);
        const all = await hourHeads(batches, ONE, { from: 0, before: mark }, false, Number.POSITIVE_INFINITY);
        const state = { merged: [], mark, isClosing };
        const [next, expected] = [some, all].map((heads) => nextMerge({ ...state, heads }));
        expect([next?.mark, next?.heads.length]).toEqual([expected?.mark, expected?.heads.length]);
      },
    ),
    { numRuns: 15 },
  );
});
