// Where to: OTEL_EXPORTER_OTLP_ENDPOINT, else http://localhost:4318. OTEL_EXPORTER_OTLP_COMPRESSION: gzip.
package main

import (
	"context"

	"example.com/shop/checkout"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
)

func main() {
	checkout.Send(otlptracehttp.New(context.Background()))
}
