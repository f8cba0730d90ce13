"""Where to: OTEL_EXPORTER_OTLP_ENDPOINT, else http://localhost:4318. OTEL_EXPORTER_OTLP_COMPRESSION: gzip or deflate."""
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

from checkout import send_checkout

send_checkout(OTLPSpanExporter())
