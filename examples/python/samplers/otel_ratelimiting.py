from opentelemetry.sdk.trace.sampling import ParentBased

from rate_limiting import RateLimiting
from with_otel import traffic_with

# Two traces a second.
traffic_with(ParentBased(RateLimiting(2)))
