package main

import (
	"example.com/shop/samplers/withjaeger"
	"github.com/uber/jaeger-client-go/config"
)

// Two traces a second.
func main() {
	withjaeger.Traffic(&config.SamplerConfig{Type: "ratelimiting", Param: 2})
}
