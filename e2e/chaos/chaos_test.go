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
	server := startServer(t)
	r := newRun(t, seed, server, server.URL, honest, resolveTimeout)
	killed := 0
	e := r.play(t, r.faults(*kills, *lasts, &killed), 300)
	r.judge(t, e)
	for _, f := range e.findings {
		t.Errorf("%s: %v", f.check, f.err)
	}
	report := struct {
		Seed     uint64
		Seconds  float64
		Kills    int
		Swallows [lines][2]int64 // of each line: commits that were answered, and how many of the answers were swallowed
		Unknown  struct{ Sent, Stored int }
		Judged   int // operations that were checked to be linearizable
		Shown    map[string]int
		Refused  map[string]int
		history.Tally
		Faults []string
	}{
		Seed: seed, Seconds: r.clock().Seconds(), Kills: killed, Judged: e.judged,
		Shown: make(map[string]int), Refused: make(map[string]int), Faults: r.timeline,
		Tally: history.Count(append(r.calls(), e.again...), e.log),
	}
	for n, line := range r.lines {
		report.Swallows[n][0], report.Swallows[n][1] = line.Commits()
	}
	for _, f := range r.readers {
		report.Shown[f.name] = len(f.seen)
	}
	for _, c := range r.calls() {
		if c.Outcome == history.Refused {
			report.Refused[c.Refusal]++
		}
	}
	evidence.Report(t, "chaos", report)
	if report.Kills < *kills || report.Swallows[0][1]+report.Swallows[1][1] == 0 || report.Tally.Unknown == 0 || report.Replayed == 0 || report.Conflicts == 0 || report.RolledBack == 0 {
		t.Error("not everything that was to be seen has happened")
	}
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
