"""Zipkin's version 1 in Thrift. Where to: ZIPKIN_URL, else http://localhost:9411."""
import json
import os
import time

import requests
from py_zipkin import Encoding, Kind
from py_zipkin.zipkin import create_attrs_for_span, zipkin_span

URL = os.environ.get("ZIPKIN_URL", "http://localhost:9411") + "/api/v1/spans"


def transport(spans):
    requests.post(URL, data=spans, headers={"Content-Type": "application/x-thrift"}, timeout=10).raise_for_status()


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
    encoding=Encoding.V1_THRIFT,
) as request:
    with zipkin_span(service_name="shop", span_name="SELECT stock", kind=Kind.CLIENT) as query:
        query.add_sa_binary_annotation(port=5432, service_name="stock", host="10.0.0.2")
        query.add_annotation("retry")
    request.update_binary_annotations({"error": "no stock"})

print(json.dumps({"traceId": attributes.trace_id, "start": start}))
