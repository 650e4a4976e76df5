package side

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"time"
)

// Sample is what one window of one case gave.
type Sample struct {
	Case    Case
	Round   int // from 1
	Ops     int
	Elapsed time.Duration
	CPU     time.Duration // of the whole process in the window, and of those that work for it: what others do meanwhile is not in it
	P50     time.Duration // of one operation
	P99     time.Duration
	Mallocs uint64 // of the whole process in the window
	Bytes   uint64
	Counted map[string]float64 // per second, by unit; see [Subject.Counters]
}

// NsPerOp returns the time of the window divided by its operations, whoever did them.
func (s Sample) NsPerOp() float64 { return float64(s.Elapsed) / float64(s.Ops) }

// patch is the least time that is worth a look at the clock, which costs about 50 ns.
const patch = 20 * time.Microsecond

// measure warms s up for a sixth of the window, collects garbage, and measures one window.
func measure(ctx context.Context, c Case, s Subject, window time.Duration) (Sample, error) {
	callers := make([]caller, c.callers())
	if err := each(callers, func(i int, cl *caller) error {
		cl.subject, cl.number, cl.batch = s, i, 1
		return cl.run(ctx, window/6)
	}); err != nil {
		return Sample{}, err
	}
	for i := range callers {
		callers[i].settle()
	}
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	counted := s.counters()
	cpu := s.cpu()
	start := time.Now()
	err := each(callers, func(_ int, cl *caller) error { return cl.run(ctx, window) })
	sample := Sample{Case: c, Elapsed: time.Since(start)}
	sample.CPU, sample.Counted = s.cpu()-cpu, s.counters()
	runtime.ReadMemStats(&after)
	if err != nil {
		return Sample{}, err
	}
	for unit := range sample.Counted {
		sample.Counted[unit] = (sample.Counted[unit] - counted[unit]) / sample.Elapsed.Seconds()
	}
	sample.Mallocs, sample.Bytes = after.Mallocs-before.Mallocs, after.TotalAlloc-before.TotalAlloc
	var took []time.Duration
	for _, cl := range callers {
		sample.Ops += cl.ops
		took = append(took, cl.took...)
	}
	if s.Lap != nil {
		sample.Elapsed, sample.CPU = sum(took)/time.Duration(len(callers)), 0
	}
	slices.Sort(took)
	sample.P50, sample.P99 = took[len(took)/2], took[len(took)*99/100]
	return sample, nil
}

func sum(took []time.Duration) (all time.Duration) {
	for _, d := range took {
		all += d
	}
	return max(all, 1) // what took no time that the clock can tell
}

// each calls fn for every caller at once and returns the first error.
func each(callers []caller, fn func(i int, cl *caller) error) error {
	if len(callers) == 1 {
		return fn(0, &callers[0])
	}
	errs := make([]error, len(callers))
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() { errs[i] = fn(i, &callers[i]) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// caller is one goroutine that calls Do. Its operations are timed in batches.
type caller struct {
	subject Subject
	number  int
	next    int // operation
	ops     int
	batch   int
	took    []time.Duration // per operation, one for each batch
}

// run calls Do until the time, or ctx, is over, once at least.
func (cl *caller) run(ctx context.Context, during time.Duration) error {
	begin := time.Now()
	for last := begin; ; {
		var lap time.Duration
		var err error
		for range cl.batch {
			if lap, err = cl.subject.do(ctx, cl.number, cl.next); err != nil {
				return err
			}
			cl.next++
		}
		now := time.Now()
		cl.ops += cl.batch
		if cl.subject.Lap == nil {
			lap = now.Sub(last) / time.Duration(cl.batch)
		}
		cl.took = append(cl.took, lap)
		if last = now; now.Sub(begin) >= during || ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// settle ends the warm-up: batches become as large as a patch needs.
func (cl *caller) settle() {
	slices.Sort(cl.took)
	usual := max(1, cl.took[len(cl.took)/2])
	if cl.batch = int(max(1, patch/usual)); cl.subject.Lap != nil {
		cl.batch = 1
	}
	cl.ops, cl.took = 0, make([]time.Duration, 0, 1<<14)
}
