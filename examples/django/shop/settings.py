import os

import django_opentracing
from jaeger_client import Config

SECRET_KEY = "an example keeps no secrets"
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
ROOT_URLCONF = "shop.urls"
MIDDLEWARE = ["django_opentracing.OpenTracingMiddleware"]

# Where the agent was is where Skua listens: UDP, compact Thrift.
TRACING_HOST = os.environ.get("TRACING_HOST", "localhost")
TRACING_PORT = int(os.environ.get("TRACING_PORT", "6831"))

OPENTRACING_TRACING = django_opentracing.DjangoTracing(
    Config(
        config={
            "sampler": {"type": "const", "param": 1},
            "local_agent": {"reporting_host": TRACING_HOST, "reporting_port": TRACING_PORT},
        },
        service_name="django-shop",
        validate=True,
    ).initialize_tracer()
)
OPENTRACING_SET_GLOBAL_TRACER = True
OPENTRACING_TRACE_ALL = True
OPENTRACING_TRACED_ATTRIBUTES = ["path", "method"]
