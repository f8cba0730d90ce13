// Where to: ZIPKIN_URL, else http://localhost:9411. ZIPKIN_ENCODING: proto, else JSON.
package main

import (
	"fmt"
	"log"
	"os"
	"time"

	"github.com/openzipkin/zipkin-go"
	"github.com/openzipkin/zipkin-go/model"
	"github.com/openzipkin/zipkin-go/proto/zipkin_proto3"
	"github.com/openzipkin/zipkin-go/reporter/http"
)

func main() {
	url := os.Getenv("ZIPKIN_URL")
	if url == "" {
		url = "http://localhost:9411"
	}
	options := []http.ReporterOption{}
	if os.Getenv("ZIPKIN_ENCODING") == "proto" {
		options = append(options, http.Serializer(zipkin_proto3.SpanSerializer{}))
	}
	reporter := http.NewReporter(url+"/api/v2/spans", options...)
	local, err := zipkin.NewEndpoint("shop", "10.0.0.1:8080")
	if err != nil {
		log.Fatal(err)
	}
	remote, err := zipkin.NewEndpoint("stock", "10.0.0.2:5432")
	if err != nil {
		log.Fatal(err)
	}
	tracer, err := zipkin.NewTracer(reporter, zipkin.WithLocalEndpoint(local), zipkin.WithTraceID128Bit(true))
	if err != nil {
		log.Fatal(err)
	}
	start := time.Now()

	request := tracer.StartSpan("POST /checkout", zipkin.Kind(model.Server))
	zipkin.TagHTTPMethod.Set(request, "POST")
	request.Tag("cart.size", "42")
	time.Sleep(time.Millisecond)
	query := tracer.StartSpan("SELECT stock", zipkin.Kind(model.Client), zipkin.Parent(request.Context()),
		zipkin.RemoteEndpoint(remote))
	query.Annotate(time.Now(), "retry")
	time.Sleep(time.Millisecond)
	query.Finish()
	zipkin.TagError.Set(request, "no stock")
	request.Finish()

	if err := reporter.Close(); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("{\"traceId\":\"%s\",\"start\":%d}\n", request.Context().TraceID, start.UnixMilli())
}
