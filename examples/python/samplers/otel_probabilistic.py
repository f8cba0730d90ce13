from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio

from with_otel import traffic_with

# Three of ten traces. Without code: OTEL_TRACES_SAMPLER=parentbased_traceidratio, OTEL_TRACES_SAMPLER_ARG=0.3.
traffic_with(ParentBasedTraceIdRatio(0.3))
