package bench_test

import (
	"strings"
	"sync"
	"testing"

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
				for caller := range callers {
					wg.Go(func() {
						for i := 0; i < b.N/callers+1; i++ {
							if err := s.Do(b.Context(), caller, i); err != nil {
								b.Error(err)
								return
							}
						}
					})
				}
				wg.Wait()
				b.StopTimer()
				b.ReportMetric(float64(b.N*max(1, c.Events))/b.Elapsed().Seconds(), "events/s")
			})
		}
	}
}
