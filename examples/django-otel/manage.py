import os
import sys

from django.core.management import execute_from_command_line
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.django import DjangoInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
# OTEL_SERVICE_NAME says who it is, OTEL_EXPORTER_OTLP_ENDPOINT where to, else http://localhost:4318.
os.environ.setdefault("OTEL_SERVICE_NAME", "django-shop")

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(), schedule_delay_millis=500))
trace.set_tracer_provider(provider)
DjangoInstrumentor().instrument()
execute_from_command_line(sys.argv)
