"""The trace that every OpenTelemetry client of this folder sends: one request of a shop that failed."""
import json
import time

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, SpanKind, Status, StatusCode


def send_checkout(exporter):
    """Sends it through the exporter and prints its id, and when it began in Unix milliseconds."""
    provider = TracerProvider(resource=Resource({"service.name": "shop", "service.version": "1.2.3", "replicas": 3}))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    tracer = provider.get_tracer("shop.checkout", "0.7.0")
    start = int(time.time() * 1000)

    def at(millis):
        return (start + millis) * 1_000_000

    request = tracer.start_span(
        "POST /checkout",
        kind=SpanKind.SERVER,
        start_time=at(0),
        attributes={
            "http.request.method": "POST",
            "http.response.status_code": 503,
            "cart.total": 99.5,
            "cart.gift": True,
            "cart.items": ["book", "pen"],
            "cart.counts": [1, 2],
            # Past 2^53, and no double.
            "cart.id": 9007199254740993,
            "cart.token": b"\x01\x02\xff",
        },
    )
    in_request = trace.set_span_in_context(request)
    query = tracer.start_span(
        "SELECT stock",
        context=in_request,
        kind=SpanKind.CLIENT,
        start_time=at(2),
        attributes={"db.system.name": "postgresql"},
    )
    query.add_event("retry", {"attempt": 2}, at(3))
    query.end(at(5))
    notify = tracer.start_span(
        "notify",
        context=in_request,
        kind=SpanKind.PRODUCER,
        start_time=at(6),
        links=[Link(query.get_span_context())],
    )
    notify.set_status(Status(StatusCode.OK))
    notify.end(at(7))
    request.add_event("exception", {"exception.type": "OutOfStock", "exception.message": "no pens"}, at(8))
    request.set_status(Status(StatusCode.ERROR, "no stock"))
    request.end(at(9))

    provider.shutdown()
    print(json.dumps({"traceId": format(request.get_span_context().trace_id, "032x"), "start": start}))
