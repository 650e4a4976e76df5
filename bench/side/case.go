// Package side measures implementations side by side: all of them in one process, in rounds of
// short windows whose order rotates, so that what the machine does meanwhile hits them alike.
//
// Only ratios of one run mean something. Compare by pairs of the same round.
package side

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Case is one implementation of one scenario.
type Case struct {
	Scenario string // "Load"; in Go's benchmark names it is what follows Benchmark
	Impl     string // "ours"
	Params   string // "store=memory/n=100"; the same text in every case that is compared
	Callers  int    // goroutines that call Do at once. Defaults to 1.
	Events   int    // that one call stores or reads. Defaults to 1.

	// Open returns a fresh subject, empty tables and all. dir is an empty folder of its own.
	Open func(ctx context.Context, dir string) (Subject, error)
}

// Subject is an opened case.
type Subject struct {
	// Do is one operation. i counts from 0 for each caller.
	Do func(ctx context.Context, caller, i int) error
	// Lap, if it is not nil, is called instead of Do. It is an operation of which only a part is
	// measured, and returns how long that took. Its CPU time can't be told.
	Lap func(ctx context.Context, caller, i int) (time.Duration, error)
	// Counters, if it is not nil, returns what has been counted until now, by unit. Each unit is
	// reported as what was added in the window, per second.
	Counters func() map[string]float64

	// CPU, if it is not nil, returns how long other processes have been on a CPU for it until now,
	// such as a server. It is added to what this process takes.
	CPU func() time.Duration
	// Close ends it. Nil is nothing to do.
	Close func() error
}

// Name returns the case in Go's benchmark form without the number of CPUs:
// "Load/impl=ours/store=memory/n=100".
func (c Case) Name() string {
	return strings.TrimSuffix(fmt.Sprintf("%s/impl=%s/%s", c.Scenario, c.Impl, c.Params), "/")
}

func (c Case) callers() int { return max(1, c.Callers) }
func (c Case) events() int  { return max(1, c.Events) }

// do contains the panics of libraries under test: one of them must not end the run. lap is zero
// if all of the operation is measured.
func (s Subject) do(ctx context.Context, caller, i int) (lap time.Duration, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	if s.Lap != nil {
		return s.Lap(ctx, caller, i)
	}
	return 0, s.Do(ctx, caller, i)
}

func (s Subject) counters() map[string]float64 {
	if s.Counters == nil {
		return nil
	}
	return s.Counters()
}

// cpu returns how long this process and those that work for it have been on a CPU.
func (s Subject) cpu() time.Duration {
	if s.CPU == nil {
		return cpuTime()
	}
	return cpuTime() + s.CPU()
}

func (s Subject) close(err error) error {
	if s.Close == nil {
		return err
	}
	return errors.Join(err, s.Close())
}
