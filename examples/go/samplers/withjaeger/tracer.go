// Package withjaeger is what the programs with Jaeger's client have in common.
package withjaeger

import (
	"log"
	"os"

	"example.com/shop/traffic"
	"github.com/uber/jaeger-client-go"
	"github.com/uber/jaeger-client-go/config"
)

// Traffic with this sampler. JAEGER_SERVICE_NAME, JAEGER_AGENT_HOST and JAEGER_AGENT_PORT are the client's own.
func Traffic(sampler *config.SamplerConfig) {
	if os.Getenv("JAEGER_SERVICE_NAME") == "" {
		os.Setenv("JAEGER_SERVICE_NAME", "shop")
	}
	settings, err := config.FromEnv()
	if err != nil {
		log.Fatal(err)
	}
	settings.Sampler = sampler
	settings.Reporter.QueueSize = 2000
	tracer, closer, err := settings.NewTracer()
	if err != nil {
		log.Fatal(err)
	}
	defer closer.Close()
	traffic.Run(func() bool {
		span := tracer.StartSpan("GET /cart")
		span.Finish()
		return span.Context().(jaeger.SpanContext).IsSampled()
	})
}
