package main

import (
	"example.com/shop/samplers/withjaeger"
	"github.com/uber/jaeger-client-go/config"
)

// Three of ten traces.
func main() {
	withjaeger.Traffic(&config.SamplerConfig{Type: "probabilistic", Param: 0.3})
}
