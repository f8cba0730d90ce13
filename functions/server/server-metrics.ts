import type { Clock } from "../../lib/model/time.ts";
import type { MetricOfPart, Sample } from "../../lib/runtime/metrics.ts";
import { EXPOSITION_TYPE, type Exposition, exposition } from "../../lib/runtime/prometheus.ts";
import type { Answer } from "./door.ts";

const MICROS = 1_000_000;

/** What the server measures, with its own process among it. */
export function serverMetrics(clock: Clock): Exposition {
  const metrics = exposition();
  const begun = clock() - process.uptime() * 1000;
  const one = (metric: MetricOfPart<"server">, value: number): Sample => ({ metric, labels: {}, values: [value] });
  metrics.show("server", () => {
    const { user, system } = process.cpuUsage();
    return [
      one("otelcol_process_uptime", (clock() - begun) / 1000),
      one("otelcol_process_cpu_seconds", (user + system) / MICROS),
      one("otelcol_process_memory_rss", process.memoryUsage.rss()),
    ];
  });
  return metrics;
}

/** GET /metrics, as Prometheus and a Collector's `prometheus` receiver ask. */
export const metricsAnswer =
  (metrics: Exposition): Answer =>
  ({ url, method }) => {
    if (new URL(url).pathname !== "/metrics") return new Response("404 page not found\n", { status: 404 });
    if (method !== "GET" && method !== "HEAD")
      return new Response(`method not allowed: ${method}, expected GET\n`, { status: 405, headers: { Allow: "GET" } });
    return new Response(metrics.text(), { headers: { "Content-Type": EXPOSITION_TYPE } });
  };
