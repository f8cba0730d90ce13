import { setTimeout as sleep } from "node:timers/promises";
import jaeger from "jaeger-client";
import { traffic } from "./traffic.mjs";

/** Traffic with this sampler. JAEGER_SERVICE_NAME, JAEGER_AGENT_HOST and JAEGER_AGENT_PORT are the client's own. */
export async function trafficWith(sampler) {
  const { JAEGER_SERVICE_NAME: serviceName = "shop" } = process.env;
  const reporter = { flushIntervalMs: 100 };
  const tracer = jaeger.initTracerFromEnv({ serviceName, sampler, reporter }, {});
  await traffic(
    () => tracer.startSpan("GET /cart"),
    (span) => span.context().isSampled(),
  );
  await new Promise((done) => tracer.close(done));
  // It closes before its last datagram has left.
  await sleep(200);
  process.exit(0);
}
