// Where to: JAEGER_AGENT_HOST and JAEGER_AGENT_PORT (UDP, else localhost:6832), or JAEGER_ENDPOINT (HTTP, .../api/traces).
import { setTimeout as sleep } from "node:timers/promises";
import jaeger from "jaeger-client";

const { initTracerFromEnv, opentracing } = jaeger;
const tracer = initTracerFromEnv(
  { serviceName: "shop", sampler: { type: "const", param: 1 } },
  { tags: { "shop.version": "1.2.3" }, logger: console, traceId128bit: true },
);

const start = Date.now();
const request = tracer.startSpan("POST /checkout", {
  startTime: start,
  tags: {
    "span.kind": "server",
    "http.method": "POST",
    "cart.size": 42,
    "cart.total": 99.5,
    "cart.gift": true,
    "cart.token": Buffer.from([1, 2, 255]),
  },
});
const query = tracer.startSpan("SELECT stock", {
  childOf: request,
  startTime: start + 2,
  tags: { "span.kind": "client", "db.type": "sql" },
});
query.log({ event: "retry", attempt: 2 }, start + 3);
query.finish(start + 5);
const notify = tracer.startSpan("notify", {
  references: [opentracing.followsFrom(request.context())],
  startTime: start + 6,
});
notify.finish(start + 7);
request.setTag("error", true);
request.finish(start + 9);

await new Promise((done) => tracer.close(done));
// It closes before its last datagram has left.
await sleep(200);
console.log(JSON.stringify({ traceId: request.context().traceIdStr, start }));
