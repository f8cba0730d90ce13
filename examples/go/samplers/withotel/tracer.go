// Package withotel is what the programs with OpenTelemetry have in common.
package withotel

import (
	"context"
	"log"

	"example.com/shop/traffic"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdk "go.opentelemetry.io/otel/sdk/trace"
)

// Traffic with this sampler. OTEL_SERVICE_NAME and OTEL_EXPORTER_OTLP_ENDPOINT are the SDK's own.
func Traffic(sampler sdk.Sampler) {
	ctx := context.Background()
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		log.Fatal(err)
	}
	provider := sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithSampler(sampler))
	defer provider.Shutdown(ctx)
	tracer := provider.Tracer("shop")
	traffic.Run(func() bool {
		_, span := tracer.Start(ctx, "GET /cart")
		span.End()
		return span.SpanContext().IsSampled()
	})
}
