package bench_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/eventsource-go/eventsource/bench/side"
)

// drive runs the cases of one scenario as Go benchmarks. Go runs them one after the other;
// cmd/bench interleaves them, and is what to compare with.
func drive(b *testing.B, scenario string, groups [][]side.Case) {
	for _, group := range groups {
		for _, c := range group {
			if c.Scenario != scenario {
				continue
			}
			b.Run(strings.TrimPrefix(c.Name(), scenario+"/"), func(b *testing.B) {
				s, err := c.Open(b.Context(), b.TempDir())
				if err != nil {
					b.Fatal(err)
				}
				if s.Close != nil {
					defer func() {
						if err := s.Close(); err != nil {
							b.Error(err)
						}
					}()
				}
				b.ReportAllocs()
				b.ResetTimer()
				callers := max(1, c.Callers)
				var wg sync.WaitGroup
				var laps time.Duration
				for caller := range callers {
					wg.Go(func() {
						for i := 0; i < b.N/callers+1; i++ {
							var lap time.Duration
							var err error
							if s.Lap != nil {
								lap, err = s.Lap(b.Context(), caller, i)
								laps += lap // whoever has laps has one caller
							} else {
								err = s.Do(b.Context(), caller, i)
							}
							if err != nil {
								b.Error(err)
								return
							}
						}
					})
				}
				wg.Wait()
				b.StopTimer()
				if s.Lap != nil {
					b.ReportMetric(float64(laps)/float64(b.N+1), "ns/op")
					return
				}
				b.ReportMetric(float64(b.N*max(1, c.Events))/b.Elapsed().Seconds(), "events/s")
			})
		}
	}
}
