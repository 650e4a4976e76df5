package side

import (
	"fmt"
	"io"
	"maps"
	"math"
	"runtime"
	"slices"
	"strings"
	"time"
)

// WriteLine writes s in Go's benchmark format, so that benchstat reads it. Allocations are
// rounded down, as Go does: what the process does beside the case is among them.
func WriteLine(w io.Writer, s Sample) error {
	ops, events := float64(s.Ops), float64(s.Ops*s.Case.events())
	var b strings.Builder
	fmt.Fprintf(&b, "Benchmark%s-%d\t%8d\t%.1f ns/op\t%.2f ns/event\t%.0f events/s\t%.1f cpu-ns/op\t%.2f p50-us\t%.2f p99-us\t%.0f B/op\t%d allocs/op\t%.1f allocs/event",
		s.Case.Name(), runtime.GOMAXPROCS(0), s.Ops, s.NsPerOp(), float64(s.Elapsed)/events, events/s.Elapsed.Seconds(), float64(s.CPU)/ops,
		micros(s.P50), micros(s.P99), float64(s.Bytes)/ops, s.Mallocs/uint64(s.Ops), math.Floor(10*float64(s.Mallocs)/events)/10)
	for _, unit := range slices.Sorted(maps.Keys(s.Counted)) {
		fmt.Fprintf(&b, "\t%.3f %s", s.Counted[unit], unit)
	}
	b.WriteByte('\n')
	_, err := io.WriteString(w, b.String())
	return err
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
