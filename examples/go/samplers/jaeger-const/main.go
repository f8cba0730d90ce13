package main

import (
	"os"

	"example.com/shop/samplers/withjaeger"
	"github.com/uber/jaeger-client-go/config"
)

// 1 keeps everything, 0 nothing.
func main() {
	param := 1.0
	if os.Getenv("JAEGER_SAMPLER_PARAM") == "0" {
		param = 0
	}
	withjaeger.Traffic(&config.SamplerConfig{Type: "const", Param: param})
}
