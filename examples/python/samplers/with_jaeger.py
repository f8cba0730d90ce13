import os
import time

from jaeger_client import Config

from traffic import traffic


def traffic_with(**settings):
    """Traffic with these settings of jaeger_client. JAEGER_AGENT_HOST and JAEGER_AGENT_PORT are the client's own."""
    config = Config(
        config={"reporter_queue_size": 2000, "reporter_flush_interval": 0.2, **settings},
        service_name=os.environ.get("JAEGER_SERVICE_NAME", "shop"),
    )
    tracer = config.initialize_tracer()
    traffic(lambda: tracer.start_span("GET /cart"), lambda span: span.is_sampled(), lambda span: span.finish())
    time.sleep(1)
    tracer.close()
    time.sleep(0.5)
