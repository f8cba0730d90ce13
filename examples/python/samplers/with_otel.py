import os

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from traffic import traffic

SERVICE = os.environ.get("OTEL_SERVICE_NAME", "shop")


def traffic_with(sampler):
    """Traffic with this sampler. OTEL_EXPORTER_OTLP_ENDPOINT is the exporter's own."""
    provider = TracerProvider(sampler=sampler, resource=Resource({"service.name": SERVICE}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    tracer = provider.get_tracer("shop")
    traffic(lambda: tracer.start_span("GET /cart"), lambda span: span.is_recording(), lambda span: span.end())
    provider.shutdown()
