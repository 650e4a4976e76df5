package side_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/eventsource-go/eventsource/bench/side"
)

// journal notes what is opened, in order.
type journal struct {
	mu     sync.Mutex
	opened []string
	closed int
	dirs   []string
}

func (j *journal) open(name, dir string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.opened, j.dirs = append(j.opened, name), append(j.dirs, dir)
}

func (j *journal) bench(impl string, do func(caller, i int) error) side.Case {
	return side.Case{Scenario: "S", Impl: impl, Params: "n=1", Open: func(_ context.Context, dir string) (side.Subject, error) {
		j.open(impl, dir)
		return side.Subject{
			Do:    func(_ context.Context, caller, i int) error { return do(caller, i) },
			Close: func() error { j.closed++; return nil },
		}, nil
	}}
}

func nothing(int, int) error { return nil }

func TestRoundsRotateAndTheFirstIsThrownAway(t *testing.T) {
	var j journal
	group := []side.Case{j.bench("a", nothing), j.bench("b", nothing), j.bench("c", nothing)}
	var got []string
	rounds := make(map[int]int)
	absent, err := side.Run(t.Context(), [][]side.Case{group}, side.Plan{Rounds: 3, Window: time.Millisecond, Dir: t.TempDir()}, func(s side.Sample) {
		got = append(got, s.Case.Impl)
		rounds[s.Round]++
	})
	if err != nil || len(absent) > 0 {
		t.Fatal(absent, err)
	}
	if want := "a b c b c a c a b a b c"; strings.Join(j.opened, " ") != want {
		t.Errorf("opened %v, want %s", j.opened, want)
	}
	if want := "b c a c a b a b c"; strings.Join(got, " ") != want {
		t.Errorf("reported %v, want %s", got, want)
	}
	if len(rounds) != 3 || rounds[1] != 3 || rounds[3] != 3 {
		t.Errorf("samples by round: %v", rounds)
	}
	if j.closed != len(j.opened) {
		t.Errorf("%d of %d subjects were closed", j.closed, len(j.opened))
	}
	seen := make(map[string]bool)
	for _, dir := range j.dirs {
		if _, err := os.Stat(dir); seen[dir] || !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s was used twice, or is still there: %v", dir, err)
		}
		seen[dir] = true
	}
}

// A library that fails, or panics, costs itself its figures and nobody else.
func TestFailuresAreAbsent(t *testing.T) {
	var j journal
	broken := errors.New("broken")
	unopened := side.Case{Scenario: "S", Impl: "unopened", Open: func(context.Context, string) (side.Subject, error) {
		return side.Subject{}, broken
	}}
	group := []side.Case{
		j.bench("good", nothing), unopened,
		j.bench("failing", func(int, int) error { return broken }),
		j.bench("panicking", func(int, int) error { panic("oh") }),
	}
	samples := 0
	absent, err := side.Run(t.Context(), [][]side.Case{group}, side.Plan{Rounds: 2, Window: time.Millisecond, Dir: t.TempDir()}, func(s side.Sample) {
		if s.Case.Impl != "good" {
			t.Errorf("figures of %s", s.Case.Impl)
		}
		samples++
	})
	if err != nil || samples != 2 || len(absent) != 3 {
		t.Fatalf("%d samples, absent %v, error %v", samples, absent, err)
	}
	for _, a := range absent {
		if a.Case.Impl != "panicking" && !errors.Is(a.Err, broken) || a.Case.Impl == "panicking" && !strings.Contains(a.Err.Error(), "oh") {
			t.Errorf("%s is absent because %v", a.Case.Impl, a.Err)
		}
	}
	if j.closed != len(j.opened) {
		t.Errorf("%d of %d subjects were closed", j.closed, len(j.opened))
	}
}

func TestDeadlineEndsTheRunAfterOneRoundThatCounts(t *testing.T) {
	var j journal
	last := 0
	_, err := side.Run(t.Context(), [][]side.Case{{j.bench("a", nothing)}},
		side.Plan{Rounds: 1000, Window: time.Millisecond, Deadline: time.Now(), Dir: t.TempDir()}, func(s side.Sample) { last = s.Round })
	if err != nil || last != 1 {
		t.Errorf("ended after round %d, error %v", last, err)
	}
}

func TestRunEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var j journal
	group := []side.Case{j.bench("a", func(int, int) error { cancel(); return nil })}
	if _, err := side.Run(ctx, [][]side.Case{group}, side.Plan{Rounds: 3, Window: time.Hour, Dir: t.TempDir()}, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if j.closed != 1 {
		t.Error("the subject was not closed")
	}
}

// Callers work at once, each counts its own operations from 0 without gaps, and the sample has
// the operations of its window.
func TestCallers(t *testing.T) {
	const callers = 4
	var next [callers]atomic.Int64
	var together sync.WaitGroup
	together.Add(callers)
	var j journal
	c := j.bench("a", func(caller, i int) error {
		if i == 0 && next[caller].Load() == 0 {
			together.Done()
			together.Wait() // returns only if all callers are here at once
		}
		if n := next[caller].Add(1) - 1; n != int64(i) {
			return errors.New("operations are not counted in order")
		}
		return nil
	})
	c.Callers, c.Events = callers, 3
	var sample side.Sample
	opened := c.Open
	c.Open = func(ctx context.Context, dir string) (side.Subject, error) {
		for i := range next {
			next[i].Store(0)
		}
		together = sync.WaitGroup{}
		together.Add(callers)
		return opened(ctx, dir)
	}
	absent, err := side.Run(t.Context(), [][]side.Case{{c}}, side.Plan{Rounds: 1, Window: 5 * time.Millisecond, Dir: t.TempDir()}, func(s side.Sample) { sample = s })
	if err != nil || len(absent) > 0 {
		t.Fatal(absent, err)
	}
	total := 0
	for i := range next {
		total += int(next[i].Load())
	}
	if sample.Ops == 0 || sample.Ops >= total {
		t.Errorf("%d operations in the window of %d, the warm-up's among them", sample.Ops, total)
	}
	if sample.Elapsed < 5*time.Millisecond || sample.P50 <= 0 || sample.P99 < sample.P50 {
		t.Errorf("sample %+v", sample)
	}
	var line strings.Builder
	if err := side.WriteLine(&line, sample); err != nil || !strings.HasPrefix(line.String(), "BenchmarkS/impl=a/n=1-") || !strings.Contains(line.String(), " ns/op\t") {
		t.Errorf("line %q, error %v", line.String(), err)
	}
}

// An operation that says itself how long a part of it took is measured by that, each on its own.
func TestLaps(t *testing.T) {
	c := side.Case{Scenario: "S", Impl: "a", Open: func(context.Context, string) (side.Subject, error) {
		return side.Subject{Lap: func(context.Context, int, int) (time.Duration, error) { return time.Hour, nil }}, nil
	}}
	var sample side.Sample
	absent, err := side.Run(t.Context(), [][]side.Case{{c}}, side.Plan{Rounds: 1, Window: time.Millisecond, Dir: t.TempDir()}, func(s side.Sample) { sample = s })
	if err != nil || len(absent) > 0 {
		t.Fatal(absent, err)
	}
	if sample.P50 != time.Hour || sample.NsPerOp() != float64(time.Hour) || sample.CPU != 0 {
		t.Errorf("sample %+v", sample)
	}
}

// What is counted beside is reported per second of the window; the warm-up's is not in it.
func TestCounters(t *testing.T) {
	c := side.Case{Scenario: "S", Impl: "a", Open: func(context.Context, string) (side.Subject, error) {
		n := 0.0
		return side.Subject{
			Do:       func(context.Context, int, int) error { n += 3; return nil },
			Counters: func() map[string]float64 { return map[string]float64{"things/s": n} },
		}, nil
	}}
	var line strings.Builder
	absent, err := side.Run(t.Context(), [][]side.Case{{c}}, side.Plan{Rounds: 1, Window: 5 * time.Millisecond, Dir: t.TempDir()}, func(s side.Sample) {
		if got := s.Counted["things/s"] * s.Elapsed.Seconds() / float64(s.Ops); got < 2.999 || got > 3.001 {
			t.Errorf("%g things for each operation, want 3", got)
		}
		if err := side.WriteLine(&line, s); err != nil {
			t.Error(err)
		}
	})
	if err != nil || len(absent) > 0 || !strings.HasSuffix(line.String(), " things/s\n") {
		t.Fatal(absent, err, line.String())
	}
}

// What another process does for a case is part of its CPU time.
func TestCPUOfOthers(t *testing.T) {
	c := side.Case{Scenario: "S", Impl: "a", Open: func(context.Context, string) (side.Subject, error) {
		n := 0
		return side.Subject{
			Do:  func(context.Context, int, int) error { n++; return nil },
			CPU: func() time.Duration { return time.Duration(n) * time.Hour },
		}, nil
	}}
	absent, err := side.Run(t.Context(), [][]side.Case{{c}}, side.Plan{Rounds: 1, Window: time.Millisecond, Dir: t.TempDir()}, func(s side.Sample) {
		if each := s.CPU / time.Duration(s.Ops); each < time.Hour || each > time.Hour+time.Minute {
			t.Errorf("%v for each operation, want an hour", each)
		}
	})
	if err != nil || len(absent) > 0 {
		t.Fatal(absent, err)
	}
}
