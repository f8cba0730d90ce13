// Where to: JAEGER_AGENT_HOST and JAEGER_AGENT_PORT (UDP, else localhost:6831), or JAEGER_ENDPOINT (HTTP, .../api/traces).
package main

import (
	"fmt"
	"log"
	"time"

	"github.com/opentracing/opentracing-go"
	olog "github.com/opentracing/opentracing-go/log"
	"github.com/uber/jaeger-client-go"
	"github.com/uber/jaeger-client-go/config"
)

func main() {
	settings, err := config.FromEnv()
	if err != nil {
		log.Fatal(err)
	}
	settings.ServiceName = "shop"
	settings.Sampler = &config.SamplerConfig{Type: jaeger.SamplerTypeConst, Param: 1}
	settings.Tags = append(settings.Tags, opentracing.Tag{Key: "shop.version", Value: "1.2.3"})
	tracer, closer, err := settings.NewTracer(config.Gen128Bit(true))
	if err != nil {
		log.Fatal(err)
	}
	start := time.Now().Truncate(time.Millisecond)
	at := func(millis int) time.Time { return start.Add(time.Duration(millis) * time.Millisecond) }

	request := tracer.StartSpan("POST /checkout", opentracing.StartTime(at(0)), opentracing.Tags{
		"span.kind":        "server",
		"http.method":      "POST",
		"http.status_code": 503,
		"cart.total":       99.5,
		"cart.gift":        true,
		"cart.id":          int64(9007199254740993), // past 2^53, and no double
		"cart.token":       []byte{1, 2, 255},
	})
	query := tracer.StartSpan("SELECT stock", opentracing.ChildOf(request.Context()), opentracing.StartTime(at(2)),
		opentracing.Tag{Key: "span.kind", Value: "client"})
	query.FinishWithOptions(opentracing.FinishOptions{
		FinishTime: at(5),
		LogRecords: []opentracing.LogRecord{{
			Timestamp: at(3),
			Fields:    []olog.Field{olog.String("event", "retry"), olog.Int("attempt", 2)},
		}},
	})
	notify := tracer.StartSpan("notify", opentracing.FollowsFrom(request.Context()), opentracing.StartTime(at(6)))
	notify.FinishWithOptions(opentracing.FinishOptions{FinishTime: at(7)})
	request.SetTag("error", true)
	request.FinishWithOptions(opentracing.FinishOptions{FinishTime: at(9)})

	if err := closer.Close(); err != nil {
		log.Fatal(err)
	}
	id := request.Context().(jaeger.SpanContext).TraceID()
	fmt.Printf("{\"traceId\":\"%s\",\"start\":%d}\n", id, start.UnixMilli())
}
