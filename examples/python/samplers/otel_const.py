import os

from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ALWAYS_ON

from with_otel import traffic_with

# Without code: OTEL_TRACES_SAMPLER=always_on or always_off.
traffic_with(ALWAYS_OFF if os.environ.get("KEEP") == "0" else ALWAYS_ON)
