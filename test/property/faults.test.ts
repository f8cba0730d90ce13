import { describe, expect, test } from "vitest";
import { readOperationCounts } from "../../lib/store/counts/read.ts";
import { type Oracle, searchOracle } from "../oracle/search.ts";
import { expectedText } from "../support/seen-spans.ts";
import {
  aSystem,
  closeHours,
  following,
  madeRequests,
  type Request,
  type Sending,
  type System,
  sendAll,
  shownTrace,
} from "./faults-world.ts";

const REQUESTS = 14;
/** A reader that knows nothing asks for much. */
const COLD_EVERY = 5;
const SEEDS = [1, 2, 3, 4];

const idsOf = (requests: readonly Request[]): string[] => [
  ...new Set(requests.flatMap(({ spans }) => spans.map((span) => span.traceId))),
];

const expectedOf = (oracle: Oracle, id: string): string[] => oracle.trace(id).map(expectedText).sort();

/** Sends everything through a split of a shard, while the indexer follows and a reader looks at what is there so far. */
async function run(seed: number, losesAnswers: boolean): Promise<{ system: System; requests: readonly Request[] }> {
  const system = aSystem(seed);
  // A span that states no start begins when it is received: sent twice it is two.
  const requests = madeRequests(system, seed, REQUESTS, losesAnswers);
  const ids = idsOf(requests);
  const onSent: Sending["onSent"] = async (sent) => {
    if (sent === REQUESTS >> 1) await system.stream.split("shardId-000000000000");
    // Not all of it may be there, but whatever a head names is.
    expect((await shownTrace(system.warmReader, system.random.pick(ids))).warnings).toBe(0);
  };
  await following(system, () => sendAll(system, requests, { losesAnswers, onSent }));
  return { system, requests };
}

/** Every acknowledged span is found by its trace's id, once, as it was sent; by readers warm and cold, through further faults. */
async function expectWhole(system: System, requests: readonly Request[]): Promise<void> {
  expect(system.notices).toEqual([]);
  expect(system.quarantine.kept.size).toBe(0);
  await system.time.sleep(2_000); // what was written is seen by now
  const oracle = searchOracle(requests);
  for (const [i, id] of idsOf(requests).entries()) {
    const expected = { spans: expectedOf(oracle, id), warnings: 0 };
    expect(await shownTrace(system.warmReader, id)).toEqual(expected);
    if (i % COLD_EVERY === 0) expect(await shownTrace(system.coldReader(), id)).toEqual(expected);
  }
}

const countedCalls = ({ table }: System): number =>
  table
    .stored()
    .filter(({ pk }) => pk.startsWith("G#"))
    .flatMap(({ body }) => readOperationCounts(body).minutes)
    .reduce((sum, { calls }) => sum + calls, 0);

describe("whatever the stream and the table do", { timeout: 120_000 }, () => {
  test("nothing acknowledged is lost, nothing is doubled, and every span is counted once", async () => {
    const injected = new Set<string>();
    for (const seed of SEEDS) {
      const { system, requests } = await run(seed, false);
      await expectWhole(system, requests);
      await closeHours(system);
      await expectWhole(system, requests);
      expect(countedCalls(system)).toBe(requests.reduce((sum, { spans }) => sum + spans.length, 0));
      for (const name of system.injected.keys()) injected.add(name);
    }
    expect([...injected].sort()).toEqual([
      "answer of put lost",
      "answer of save lost",
      "entry failed",
      "entry throttled",
      "get handed back",
      "get throttled",
      "iterator throttled",
      "iterators expired",
      "load throttled",
      "put handed back",
      "put throttled",
      "query throttled",
      "records throttled",
      "save throttled",
      "shards unavailable",
      "stale get",
      "stale query",
    ]);
  });

  test("nothing is lost or doubled when answers are lost and the same spans are sent again", async () => {
    for (const seed of SEEDS) {
      const { system, requests } = await run(seed + 100, true);
      await expectWhole(system, requests);
      expect(system.injected.get("answer of PutRecords lost")).toBeGreaterThan(0);
      expect(countedCalls(system)).toBeGreaterThanOrEqual(requests.reduce((sum, { spans }) => sum + spans.length, 0));
    }
  });
});
