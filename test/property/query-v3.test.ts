import { beforeAll, describe, expect, test } from "vitest";
import { queryApp } from "../../lib/http/query.ts";
import { question } from "../data/questions.ts";
import { Random } from "../data/random.ts";
import { searchTraces } from "../data/search-traces.ts";
import { type Oracle, type Question, type Seen, searchOracle } from "../oracle/search.ts";
import { summaryOf } from "../oracle/summary.ts";
import { memoryItems } from "../support/memory-items.ts";
import { type OtlpJson, traceFromOtlpJson } from "../support/otlp-json-trace.ts";
import { HOUR_MILLIS, openStore, writeAll } from "../support/search-world.ts";
import { expectedText, storedText } from "../support/seen-spans.ts";

const TRACES = 1000;
const QUESTIONS = 120;
const FIRST_HOUR = 490_000;
const HOURS = 4;
const NOW = (FIRST_HOUR + HOURS + 1) * HOUR_MILLIS;

describe("the third API over a thousand traces, some of whose spans were lost", () => {
  let oracle: Oracle;
  let seen: Seen[];
  let get: (path: string) => Promise<Response>;

  beforeAll(async () => {
    const random = new Random(7);
    const from = BigInt(FIRST_HOUR * HOUR_MILLIS) * 1_000_000n;
    const kept = [...searchTraces({ seed: 6, traces: TRACES, from, hours: HOURS })]
      .map((spans) => (spans.length > 1 ? spans.filter(() => random.chance(0.85)) : spans))
      .filter((spans) => spans.length > 0);
    const batches = [{ received: BigInt(NOW - 60_000) * 1_000_000n, spans: kept.flat() }];
    oracle = searchOracle(batches);
    seen = kept.flatMap(([first]) => oracle.trace(first?.traceId ?? ""));
    const store = openStore(memoryItems(), NOW);
    const plan = { stream: "s", shardId: "shard-0", first: "1", last: "9", at: NOW, closed: -1 };
    await writeAll(store, "default", [{ plan, batches }]);
    const onFault = (error: unknown) => {
      throw error;
    };
    const app = queryApp({ store, clock: () => NOW, tenantOf: () => "default", onFault });
    get = async (path) => app.request(path);
  }, 60_000);

  test("summaries say what looking at every span says, and traces are whole and unchanged", async () => {
    const random = new Random(8);
    let answered = 0;
    let orphans = 0;
    for (let i = 0; i < QUESTIONS; i++) {
      const asked = asOneCanAsk(question(random, seen));
      const parameters = parametersOf(asked);
      const expected = oracle.search(asked);
      const summaries = expected.map(({ traceId, spans }) => summaryOf(traceId, spans));
      const answer = await get(`/api/v3/trace-summaries?${parameters}`);
      const { nextPageToken, ...shown } = (await answer.json()) as { nextPageToken?: string };
      expect(shown, parameters.toString()).toEqual({ summaries });
      // Fewer than were asked for are all there are.
      if (summaries.length < asked.limit) expect(nextPageToken).toBeUndefined();
      const found = await get(`/api/v3/traces?query.raw_traces=1&${parameters}`);
      expect(found.status).toBe(expected.length === 0 ? 404 : 200);
      if (expected.length === 0) continue;
      answered++;
      orphans += summaries.filter(({ orphanSpanCount }) => orphanSpanCount > 0).length;
      const { result } = (await found.json()) as { result: OtlpJson };
      const texts = traceFromOtlpJson(result).spans.map(withoutWarnings).map(storedText);
      expect(texts.sort()).toEqual(expected.flatMap(({ spans }) => spans.map(expectedText)).sort());
    }
    expect(answered).toBeGreaterThan(QUESTIONS / 3);
    expect(orphans).toBeGreaterThan(20);
  }, 60_000);
});

/** This API takes one value a key, and windows that are longer than nothing. */
const asOneCanAsk = (asked: Question): Question => ({
  ...asked,
  tags: [...new Map(asked.tags.map((tag) => [tag.key, tag])).values()],
  startMinNanos: asked.startMinNanos < 0n ? 0n : asked.startMinNanos,
  startMaxNanos: asked.startMaxNanos > asked.startMinNanos ? asked.startMaxNanos : asked.startMinNanos + 1n,
});

function parametersOf(asked: Question): URLSearchParams {
  const parameters = new URLSearchParams({
    "query.startTimeMin": rfc3339(asked.startMinNanos),
    "query.start_time_max": rfc3339(asked.startMaxNanos),
    "query.searchDepth": String(asked.limit),
    "query.attributes": JSON.stringify(Object.fromEntries(asked.tags.map(({ key, value }) => [key, value]))),
  });
  if (asked.service !== undefined) parameters.set("query.service_name", asked.service);
  if (asked.operation !== undefined) parameters.set("query.operationName", asked.operation);
  if (asked.durationMinNanos !== undefined) parameters.set("query.durationMin", `${asked.durationMinNanos}ns`);
  if (asked.durationMaxNanos !== undefined) parameters.set("query.duration_max", `${asked.durationMaxNanos}ns`);
  return parameters;
}

const rfc3339 = (nanos: bigint): string =>
  `${new Date(Number(nanos / 1_000_000_000n) * 1000).toISOString().slice(0, 19)}.${String(nanos % 1_000_000_000n).padStart(9, "0")}Z`;

/** The store's own remarks were not sent. */
const withoutWarnings = <T extends { readonly attributes: readonly { readonly key: string }[] }>(span: T): T => ({
  ...span,
  attributes: span.attributes.filter(({ key }) => key !== "@jaeger@warnings"),
});
