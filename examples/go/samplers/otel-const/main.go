package main

import (
	"os"

	"example.com/shop/samplers/withotel"
	sdk "go.opentelemetry.io/otel/sdk/trace"
)

// Without code: OTEL_TRACES_SAMPLER=always_on or always_off.
func main() {
	if os.Getenv("KEEP") == "0" {
		withotel.Traffic(sdk.NeverSample())
	} else {
		withotel.Traffic(sdk.AlwaysSample())
	}
}
