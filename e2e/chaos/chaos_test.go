// Package chaos_test is what the PostgreSQL store promises while the server is killed and frozen and
// the lines to it are bad.
package chaos_test

import (
	"flag"
	"iter"
	"os"
	"testing"
	"time"

	"github.com/eventsource-go/eventsource/e2e/chaos/history"
	"github.com/eventsource-go/eventsource/e2e/evidence"
	"github.com/eventsource-go/eventsource/stores/postgres"
	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

func TestMain(m *testing.M) { os.Exit(postgrestest.Main(m.Run)) }

var (
	kills = flag.Int("kills", 3, "TestChaos: how often the server is killed")
	lasts = flag.Duration("for", 0, "TestChaos: how long faults are done at least")
)

// honest is the store as it is.
func honest(s *postgres.Store) database { return s }

// Sixteen writers and four readers, each of whom has a part in a script that a seed decides, work
// through kills of the server, freezes, resets, black holes and replies that are swallowed. What they
// were told is true in the end.
func TestChaos(t *testing.T) {
	seed := evidence.Seed(t)
	t.Logf("-kills %d -for %v", *kills, *lasts)
	server := startServer(t)
	r := newRun(t, seed, server, server.URL, honest, resolveTimeout)
	killed := 0
	e := r.play(t, r.faults(*kills, *lasts, &killed), 300)
	r.judge(t, e)
	for _, f := range e.findings {
		t.Errorf("%s: %v", f.check, f.err)
	}
	report := r.report(e, killed)
	evidence.Report(t, "chaos", report)
	if killed < *kills || report.Swallowed == 0 || report.Unknown == 0 || report.Replayed == 0 || report.Conflicts == 0 || report.RolledBack == 0 {
		t.Error("not everything that was to be seen has happened")
	}
}

// report is what a run came to.
type report struct {
	Seed    uint64
	Seconds float64
	Kills   int

	history.Tally
	Refusals  map[string]int // by kind
	Committed int64          // on the lines: commits that the server answered
	Swallowed int64          // of these answers
	Judged    int            // operations that were checked to be linearizable
	Shown     map[string]int // to each reader

	Faults []string
}

func (r *run) report(e *ending, killed int) report {
	rep := report{
		Seed: r.seed, Seconds: r.clock().Seconds(), Kills: killed, Judged: e.judged, Faults: r.timeline,
		Refusals: make(map[string]int), Shown: make(map[string]int),
		Tally: history.Count(append(r.calls(), e.again...), e.log),
	}
	for _, line := range r.lines {
		answered, swallowed := line.Commits()
		rep.Committed += answered
		rep.Swallowed += swallowed
	}
	for _, f := range r.readers {
		rep.Shown[f.name] = len(f.seen)
	}
	for _, c := range r.calls() {
		if c.Outcome == history.Refused {
			rep.Refusals[c.Refusal]++
		}
	}
	return rep
}

// faults returns rounds of the plan until there were enough kills, and enough time is over.
func (r *run) faults(kills int, lasts time.Duration, killed *int) iter.Seq[fault] {
	return func(yield func(fault) bool) {
		round := 0
		for f := range plan(evidence.Rand(r.seed, 1<<32)) {
			if f.round > round && *killed >= kills && r.clock() >= lasts || !yield(f) {
				return
			}
			if round = f.round; f.kind.isKill() {
				*killed++
			}
		}
	}
}
