// Package checkout is the trace that every OpenTelemetry client of this folder sends: one request of a shop that failed.
package checkout

import (
	"context"
	"fmt"
	"log"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Send sends it through the exporter and prints its id, and when it began in Unix milliseconds.
func Send(exporter sdk.SpanExporter, err error) {
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	provider := sdk.NewTracerProvider(
		sdk.WithBatcher(exporter),
		sdk.WithResource(resource.NewSchemaless(
			attribute.String("service.name", "shop"),
			attribute.String("service.version", "1.2.3"),
			attribute.Int("replicas", 3),
		)),
	)
	tracer := provider.Tracer("shop.checkout", trace.WithInstrumentationVersion("0.7.0"))
	start := time.Now().Truncate(time.Millisecond)
	at := func(millis int) trace.SpanEventOption {
		return trace.WithTimestamp(start.Add(time.Duration(millis) * time.Millisecond))
	}

	inRequest, request := tracer.Start(ctx, "POST /checkout", at(0), trace.WithSpanKind(trace.SpanKindServer),
		trace.WithAttributes(
			attribute.String("http.request.method", "POST"),
			attribute.Int("http.response.status_code", 503),
			attribute.Float64("cart.total", 99.5),
			attribute.Bool("cart.gift", true),
			attribute.StringSlice("cart.items", []string{"book", "pen"}),
			attribute.IntSlice("cart.counts", []int{1, 2}),
			// Past 2^53, and no double.
			attribute.Int64("cart.id", 9007199254740993),
		))
	_, query := tracer.Start(inRequest, "SELECT stock", at(2), trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(attribute.String("db.system.name", "postgresql")))
	query.AddEvent("retry", at(3), trace.WithAttributes(attribute.Int("attempt", 2)))
	query.End(at(5))
	_, notify := tracer.Start(inRequest, "notify", at(6), trace.WithSpanKind(trace.SpanKindProducer),
		trace.WithLinks(trace.Link{SpanContext: query.SpanContext()}))
	notify.SetStatus(codes.Ok, "")
	notify.End(at(7))
	request.AddEvent("exception", at(8), trace.WithAttributes(
		attribute.String("exception.type", "OutOfStock"),
		attribute.String("exception.message", "no pens"),
	))
	request.SetStatus(codes.Error, "no stock")
	request.End(at(9))

	if err := provider.Shutdown(ctx); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("{\"traceId\":\"%s\",\"start\":%d}\n", request.SpanContext().TraceID(), start.UnixMilli())
}
