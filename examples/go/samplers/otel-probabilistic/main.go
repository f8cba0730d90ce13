package main

import (
	"example.com/shop/samplers/withotel"
	sdk "go.opentelemetry.io/otel/sdk/trace"
)

// Three of ten traces. Without code: OTEL_TRACES_SAMPLER=parentbased_traceidratio, OTEL_TRACES_SAMPLER_ARG=0.3.
func main() {
	withotel.Traffic(sdk.ParentBased(sdk.TraceIDRatioBased(0.3)))
}
