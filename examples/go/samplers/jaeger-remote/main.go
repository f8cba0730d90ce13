package main

import (
	"os"
	"time"

	"example.com/shop/samplers/withjaeger"
	"github.com/uber/jaeger-client-go/config"
)

// What the server's file of strategies says of this service, asked for every second; Param holds until it has answered.
// Where to: JAEGER_SAMPLING_ENDPOINT, else http://localhost:5778/sampling.
func main() {
	withjaeger.Traffic(&config.SamplerConfig{
		Type:                    "remote",
		Param:                   0.001,
		SamplingServerURL:       os.Getenv("JAEGER_SAMPLING_ENDPOINT"),
		SamplingRefreshInterval: time.Second,
	})
}
