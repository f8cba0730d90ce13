package main

import (
	"os"
	"time"

	"example.com/shop/samplers/withotel"
	"go.opentelemetry.io/contrib/samplers/jaegerremote"
	sdk "go.opentelemetry.io/otel/sdk/trace"
)

// What the server's file of strategies says of this service, asked for every second.
// Where to: SAMPLING_ENDPOINT, else http://localhost:5778.
func main() {
	endpoint, service := os.Getenv("SAMPLING_ENDPOINT"), os.Getenv("OTEL_SERVICE_NAME")
	if endpoint == "" {
		endpoint = "http://localhost:5778"
	}
	withotel.Traffic(jaegerremote.New(service,
		jaegerremote.WithSamplingServerURL(endpoint+"/sampling"),
		jaegerremote.WithSamplingRefreshInterval(time.Second),
		jaegerremote.WithInitialSampler(sdk.NeverSample()),
	))
}
