import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { exposition, seriesName } from "../../../lib/runtime/prometheus.ts";
import { seriesIn } from "../../support/prometheus-text.ts";

describe("names", () => {
  test("say their base unit once, and whether they add up", () => {
    expect(seriesName("otelcol_receiver_accepted_spans")).toBe("otelcol_receiver_accepted_spans_total");
    expect(seriesName("skua_index_lag")).toBe("skua_index_lag_seconds");
    expect(seriesName("skua_query_read_bytes")).toBe("skua_query_read_bytes_total");
    expect(seriesName("otelcol_process_cpu_seconds")).toBe("otelcol_process_cpu_seconds_total");
    expect(seriesName("otelcol_process_memory_rss")).toBe("otelcol_process_memory_rss_bytes");
    expect(seriesName("skua_service_error_rate")).toBe("skua_service_error_rate");
  });
});

describe("counters", () => {
  test("add up under their labels, whoever measures, and are there as 0 before", () => {
    const all = exposition();
    all.measureOf("ingest", { receiver: "zipkin" });
    const measure = all.measureOf("ingest", { receiver: "otlp" });
    measure("otelcol_receiver_accepted_spans", 2);
    all.measureOf("ingest", { receiver: "otlp" })("otelcol_receiver_accepted_spans", 3);
    const own = seriesIn(all.text()).filter(({ name }) => name === "otelcol_receiver_accepted_spans_total");
    expect(own.map(({ labels, value }) => [labels, value])).toEqual([
      [{ function: "ingest", receiver: "zipkin" }, 0],
      [{ function: "ingest", receiver: "otlp" }, 5],
    ]);
  });

  test("that are told apart have no sum beside them", () => {
    const all = exposition();
    const measure = all.measureOf("query");
    measure("skua_refused_requests", 0);
    measure("skua_refused_requests", 1, { reason: "404" });
    const own = seriesIn(all.text()).filter(({ name }) => name === "skua_refused_requests_total");
    expect(own).toEqual([
      { name: "skua_refused_requests_total", labels: { function: "query", reason: "404" }, value: 1 },
    ]);
  });
});

test("a histogram's buckets count what is at most their bound, in seconds", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 400_000 }), { minLength: 1 }), (millis) => {
      const all = exposition();
      const measure = all.measureOf("query");
      for (const each of millis) measure("skua_query_latency", each);
      const series = seriesIn(all.text()).filter(({ name }) => name.startsWith("skua_query_latency_seconds"));
      const buckets = series.filter(({ name }) => name.endsWith("_bucket"));
      for (const { labels, value } of buckets) {
        const bound = labels.le === "+Inf" ? Number.POSITIVE_INFINITY : Number(labels.le);
        expect(value).toBe(millis.filter((each) => each / 1000 <= bound).length);
      }
      expect(buckets.at(-1)?.labels.le).toBe("+Inf");
      const of = (suffix: string) => series.find(({ name }) => name.endsWith(suffix))?.value;
      expect(of("_count")).toBe(millis.length);
      expect(of("_sum")).toBeCloseTo(
        millis.reduce((sum, each) => sum + each / 1000, 0),
        6,
      );
    }),
  );
});

test("levels are asked for each time, and one that nobody knows is NaN", () => {
  const all = exposition();
  let calls = 1;
  const labels = { tenant: "default", service: "cart" };
  all.show("rollup", () => [
    { metric: "skua_service_calls", labels, values: [calls] },
    { metric: "skua_service_p95", labels, values: [Number.NaN] },
  ]);
  calls = 4;
  const own = seriesIn(all.text());
  expect(own.map(({ name, value }) => [name, value])).toEqual([
    ["skua_service_calls", 4],
    ["skua_service_p95_seconds", Number.NaN],
  ]);
});

test("a label's value may be any text", () => {
  fc.assert(
    fc.property(fc.string(), fc.string({ unit: "grapheme" }), (tenant, service) => {
      const all = exposition();
      all.show("rollup", () => [{ metric: "skua_service_calls", labels: { tenant, service }, values: [1] }]);
      expect(seriesIn(all.text())[0]?.labels).toEqual({ function: "rollup", tenant, service });
    }),
  );
});

test("each metric is introduced once, with its type, before its series", () => {
  const all = exposition();
  all.measureOf("ingest", { receiver: "otlp" });
  all.measureOf("ingest", { receiver: "zipkin" });
  const lines = all.text().split("\n");
  const at = lines.indexOf("# TYPE skua_put_retries_total counter");
  expect(lines[at - 1]).toBe("# HELP skua_put_retries_total records that the stream did not take at the first attempt");
  expect(lines.slice(at + 1, at + 3).every((line) => line.startsWith("skua_put_retries_total{"))).toBe(true);
  expect(lines.filter((line) => line.startsWith("# TYPE skua_put_retries_total"))).toHaveLength(1);
});
