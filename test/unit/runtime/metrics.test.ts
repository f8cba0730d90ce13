import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { emfLines } from "../../../lib/runtime/emf.ts";
import { meterOf } from "../../../lib/runtime/metrics.ts";

describe("a meter", () => {
  test("adds up what is counted, for each thing that it is told apart by", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(1000), fc.constantFrom("400", "401", "503")), { minLength: 1 }),
        (counts) => {
          const { measure, take } = meterOf("ingest");
          for (const [value, reason] of counts) measure("skua_refused_requests", value, { reason });
          const lines = emfLines(take(), "ingest", 0).map((line) => JSON.parse(line));
          const sumOf = (reason?: string) =>
            counts.filter(([, own]) => reason === undefined || own === reason).reduce((sum, [value]) => sum + value, 0);
          for (const { reason, skua_refused_requests } of lines) expect(skua_refused_requests).toBe(sumOf(reason));
          expect(new Set(lines.map(({ reason }) => reason))).toEqual(
            new Set([undefined, ...counts.map(([, own]) => own)]),
          );
        },
      ),
    );
  });

  test("says nothing when nothing was measured, and 0 of what was not when something was", () => {
    const { measure, take } = meterOf("ingest");
    expect(take()).toEqual([]);
    measure("otelcol_receiver_accepted_spans", 3);
    const values = Object.fromEntries(take().map(({ metric, values }) => [metric, values]));
    expect(values).toEqual({
      otelcol_receiver_accepted_spans: [3],
      otelcol_receiver_refused_spans: [0],
      skua_truncated_spans: [0],
      skua_refused_requests: [0],
      skua_put_retries: [0],
    });
    expect(take()).toEqual([]);
  });

  test("keeps times apart, as many as CloudWatch takes", () => {
    const { measure, take } = meterOf("query");
    for (let millis = 0; millis < 150; millis++) measure("skua_query_latency", millis);
    const [sample] = take();
    expect(sample?.values).toEqual([...Array(100).keys()]);
  });
});

test("a level is what it was last, and stands for nothing but its own labels; what is no number is left out", () => {
  const { measure, take } = meterOf("rollup");
  const of = (service: string) => ({ tenant: "default", service });
  measure("skua_service_calls", 5, of("cart"));
  measure("skua_service_calls", 7, of("cart"));
  measure("skua_service_calls", 0, of("ads"));
  measure("skua_service_error_rate", Number.NaN, of("ads"));
  const lines = emfLines(take(), "rollup", 0).map((line) => JSON.parse(line));
  expect(lines.map(({ _aws, ...shown }) => [_aws.CloudWatchMetrics[0].Dimensions[0], shown])).toEqual([
    [["function", "tenant", "service"], { function: "rollup", ...of("cart"), skua_service_calls: 7 }],
    [["function", "tenant", "service"], { function: "rollup", ...of("ads"), skua_service_calls: 0 }],
    [["function"], { function: "rollup", skua_write_units: 0 }],
  ]);
});

test("a line names each of its metrics with its unit, and stands for one set of dimensions", () => {
  const { measure, take } = meterOf("indexer");
  measure("skua_dropped_spans", 2, { reason: "refused" });
  measure("skua_index_lag", 40);
  measure("skua_index_lag", 60);
  const [all, refused, ...others] = emfLines(take(), "Skua-main-Indexer", 1_700_000_000_000).map((line) =>
    JSON.parse(line),
  );
  expect(others).toEqual([]);
  expect(all).toMatchObject({ function: "Skua-main-Indexer", skua_dropped_spans: 2, skua_index_lag: [40, 60] });
  expect(refused).toEqual({
    _aws: {
      Timestamp: 1_700_000_000_000,
      CloudWatchMetrics: [
        {
          Namespace: "Skua",
          Dimensions: [["function", "reason"]],
          Metrics: [{ Name: "skua_dropped_spans", Unit: "Count" }],
        },
      ],
    },
    function: "Skua-main-Indexer",
    reason: "refused",
    skua_dropped_spans: 2,
  });
});
