"""Where to: ZIPKIN_URL, else http://localhost:9411. ZIPKIN_ENCODING: v1_json, v2_json (default) or v2_proto3."""
import json
import os
import time

import requests
from py_zipkin import Encoding, Kind
from py_zipkin.zipkin import create_attrs_for_span, zipkin_span

URL = os.environ.get("ZIPKIN_URL", "http://localhost:9411")
ENCODING = os.environ.get("ZIPKIN_ENCODING", "v2_json")
PATH, CONTENT_TYPE, ENCODER = {
    "v1_json": ("/api/v1/spans", "application/json", Encoding.V1_JSON),
    "v2_json": ("/api/v2/spans", "application/json", Encoding.V2_JSON),
    "v2_proto3": ("/api/v2/spans", "application/x-protobuf", Encoding.V2_PROTO3),
}[ENCODING]


def transport(spans):
    requests.post(URL + PATH, data=spans, headers={"Content-Type": CONTENT_TYPE}, timeout=10).raise_for_status()


start = int(time.time() * 1000)
attributes = create_attrs_for_span(sample_rate=100.0, use_128bit_trace_id=True)
with zipkin_span(
    service_name="shop",
    span_name="POST /checkout",
    kind=Kind.SERVER,
    zipkin_attrs=attributes,
    binary_annotations={"http.method": "POST", "cart.size": "42"},
    host="10.0.0.1",
    port=8080,
    transport_handler=transport,
    encoding=ENCODER,
) as request:
    with zipkin_span(service_name="shop", span_name="SELECT stock", kind=Kind.CLIENT) as query:
        query.add_sa_binary_annotation(port=5432, service_name="stock", host="10.0.0.2")
        query.add_annotation("retry")
    request.update_binary_annotations({"error": "no stock"})

print(json.dumps({"traceId": attributes.trace_id, "start": start}))
