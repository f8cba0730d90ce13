import os

from with_jaeger import traffic_with

# What the server's file of strategies says of this service. There is no sampler of type "remote": leave the sampler out.
traffic_with(
    local_agent={
        "reporting_host": os.environ.get("JAEGER_AGENT_HOST", "localhost"),
        "reporting_port": os.environ.get("JAEGER_AGENT_PORT", "6831"),
        "sampling_port": os.environ.get("SAMPLING_PORT", "5778"),
    },
    sampling_refresh_interval=1,
)
