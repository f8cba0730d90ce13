"""Jaeger's gRPC from an SDK of 2023. Where to: OTEL_EXPORTER_JAEGER_ENDPOINT, else localhost:14250."""
import pathlib
import sys

from opentelemetry.exporter.jaeger.proto.grpc import JaegerExporter

# The trace is the one of today's SDK.
sys.path.append(str(pathlib.Path(__file__).parent.parent / "python"))
from checkout import send_checkout  # noqa: E402

send_checkout(JaegerExporter(insecure=True))
