"""Where to: OTEL_EXPORTER_OTLP_ENDPOINT, else http://localhost:4317. OTEL_EXPORTER_OTLP_COMPRESSION: gzip."""
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

from checkout import send_checkout

send_checkout(OTLPSpanExporter())
