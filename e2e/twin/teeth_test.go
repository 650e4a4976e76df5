package twin_test

import (
	"context"
	"flag"
	"fmt"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/memstore"
)

// recorder is a test that may fail without the one around it.
type recorder struct {
	testing.TB
	failed bool
	said   strings.Builder
}

func (r *recorder) Failed() bool                      { return r.failed }
func (r *recorder) Fail()                             { r.failed = true }
func (r *recorder) FailNow()                          { r.failed = true; runtime.Goexit() }
func (r *recorder) Log(args ...any)                   { fmt.Fprintln(&r.said, args...) }
func (r *recorder) Logf(format string, args ...any)   { fmt.Fprintf(&r.said, format+"\n", args...) }
func (r *recorder) Error(args ...any)                 { r.Fail(); r.Log(args...) }
func (r *recorder) Errorf(format string, args ...any) { r.Fail(); r.Logf(format, args...) }
func (r *recorder) Fatal(args ...any)                 { r.Log(args...); r.FailNow() }
func (r *recorder) Fatalf(format string, args ...any) { r.Logf(format, args...); r.FailNow() }

// beside returns an opener of a store in memory, and beside it of another one with a fault.
func beside(t *testing.T, fault faulty) opener {
	t.Helper()
	return func(_ context.Context, policy int) (*clock, []*side, error) {
		c := new(clock)
		open := func() eventstore.Store {
			return memstore.NewWith(memstore.Config{Policy: policies[policy], Now: c.now})
		}
		fault.Store = open()
		return c, []*side{{name: "sound", isMemory: true, store: open()}, {name: "faulty", isMemory: true, store: new(fault)}}, nil
	}
}

var tapeLength = regexp.MustCompile(`the stores differ .*after (\d+) calls on`)

// compared plays tapes on a sound store beside one with a fault, and returns what was said of it,
// and how many calls the tape has that shows it.
func compared(t *testing.T, fault faulty) (calls int, said string) {
	t.Helper()
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() { // rapid ends a test that has failed
		defer close(done)
		rapid.Check(r, func(rt *rapid.T) { play(rt, beside(t, fault), make(census)) })
	}()
	<-done
	said = r.said.String()
	if !r.failed {
		return 0, said
	}
	found := tapeLength.FindStringSubmatch(said)
	if found == nil {
		t.Fatalf("it failed, and not because the stores differ:\n%s", said)
	}
	calls, _ = strconv.Atoi(found[1])
	return calls, said
}

// with sets flags of rapid until the test ends.
func with(t *testing.T, values map[string]string) {
	t.Helper()
	for name, value := range values {
		old := flag.Lookup(name).Value.String()
		if err := flag.Set(name, value); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = flag.Set(name, old) })
	}
}

// The comparison is only as good as what it finds: each of these faults has to be found.
func TestFaultsAreFound(t *testing.T) {
	with(t, map[string]string{"rapid.seed": "20260304", "rapid.checks": "3000", "rapid.nofailfile": "true", "rapid.shrinktime": "0s"})
	faults := make(map[string]faulty)
	for name, fault := range appendFaults {
		faults[name] = faulty{append: fault}
	}
	for name, fault := range readFaults {
		faults[name] = faulty{read: fault}
	}
	for name, fault := range lookupFaults {
		faults[name] = faulty{lookUp: fault}
	}
	for name, fault := range pageFaults {
		faults[name] = faulty{page: fault}
	}
	for name, fault := range listFaults {
		faults[name] = faulty{list: fault}
	}
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if calls, said := compared(t, fault); calls == 0 {
				t.Errorf("nothing was found: %s", said)
			}
		})
	}
}

// What is found is shown by few calls, in words.
func TestDifferenceIsShrunk(t *testing.T) {
	with(t, map[string]string{"rapid.seed": "20260304", "rapid.checks": "3000", "rapid.nofailfile": "true", "rapid.shrinktime": "60s"})
	calls, said := compared(t, faulty{append: appendFaults["a conflict without the actual version"]})
	if calls == 0 || calls > 4 || !strings.Contains(said, "faulty     conflict: ") || !strings.Contains(said, " 1. ") {
		t.Errorf("%d calls:\n%s", calls, said)
	}
}
