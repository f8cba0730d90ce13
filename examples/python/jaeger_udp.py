"""Where to: JAEGER_AGENT_HOST and JAEGER_AGENT_PORT, else localhost:6831."""
import json
import time

from jaeger_client import Config
from opentracing import follows_from

config = Config(
    config={
        "sampler": {"type": "const", "param": 1},
        "tags": {"shop.version": "1.2.3"},
        "generate_128bit_trace_id": True,
    },
    service_name="shop",
)
tracer = config.initialize_tracer()
start = int(time.time() * 1000)


def at(millis):
    return (start + millis) / 1000


request = tracer.start_span(
    "POST /checkout",
    start_time=at(0),
    tags={
        "span.kind": "server",
        "http.method": "POST",
        "http.status_code": 503,
        "cart.total": 99.5,
        "cart.gift": True,
        # Past 2^53, and no double.
        "cart.id": 9007199254740993,
        "cart.items": ["book", "pen"],
    },
)
query = tracer.start_span("SELECT stock", child_of=request, start_time=at(2), tags={"span.kind": "client"})
query.log_kv({"event": "retry", "attempt": 2}, timestamp=at(3))
query.finish(at(5))
notify = tracer.start_span("notify", references=[follows_from(request.context)], start_time=at(6))
notify.finish(at(7))
request.set_tag("error", True)
request.finish(at(9))

print(json.dumps({"traceId": format(request.trace_id, "x"), "start": start}), flush=True)
# What it has not sent within a flush interval is lost when the process ends.
time.sleep(2)
tracer.close()
time.sleep(0.5)
