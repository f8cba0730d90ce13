// Package traffic is the requests that each program of samplers/ decides about.
package traffic

import (
	"fmt"
	"os"
	"strconv"
	"time"
)

// Run starts and ends a span for each; start says whether it was kept. It prints, for each second, how many there were and
// how many of them were kept.
func Run(start func() bool) {
	requests, perSecond := number("REQUESTS", 1000), number("PER_SECOND", 500)
	began, kept, count := time.Now(), 0, 0
	for i := 1; i <= requests; i++ {
		if start() {
			kept++
		}
		count++
		if i%perSecond == 0 {
			fmt.Printf("{\"requests\":%d,\"kept\":%d}\n", count, kept)
			kept, count = 0, 0
		}
		time.Sleep(time.Until(began.Add(time.Duration(i) * time.Second / time.Duration(perSecond))))
	}
}

func number(name string, otherwise int) int {
	if value, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return value
	}
	return otherwise
}
