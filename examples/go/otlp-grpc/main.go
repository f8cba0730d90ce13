// Where to: OTEL_EXPORTER_OTLP_ENDPOINT, else http://localhost:4317. OTEL_EXPORTER_OTLP_COMPRESSION: gzip.
package main

import (
	"context"

	"example.com/shop/checkout"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
)

func main() {
	checkout.Send(otlptracegrpc.New(context.Background()))
}
