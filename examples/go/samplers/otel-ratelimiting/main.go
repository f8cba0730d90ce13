package main

import (
	"sync"
	"time"

	"example.com/shop/samplers/withotel"
	sdk "go.opentelemetry.io/otel/sdk/trace"
)

// A token bucket: the SDK has none of its own.
type rateLimiting struct {
	perSecond float64
	mutex     sync.Mutex
	tokens    float64
	at        time.Time
}

func (s *rateLimiting) ShouldSample(parameters sdk.SamplingParameters) sdk.SamplingResult {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	now := time.Now()
	s.tokens = min(s.perSecond, s.tokens+now.Sub(s.at).Seconds()*s.perSecond)
	s.at = now
	if s.tokens < 1 {
		return sdk.NeverSample().ShouldSample(parameters)
	}
	s.tokens--
	return sdk.AlwaysSample().ShouldSample(parameters)
}

func (s *rateLimiting) Description() string { return "rateLimiting" }

// Two traces a second.
func main() {
	withotel.Traffic(sdk.ParentBased(&rateLimiting{perSecond: 2, tokens: 2, at: time.Now()}))
}
