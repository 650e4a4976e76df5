package sqlite_test

import (
	"slices"
	"testing"

	"github.com/eventsource-go/eventsource/e2e/evidence"
	"github.com/eventsource-go/eventsource/e2e/logcheck"
	"github.com/eventsource-go/eventsource/e2e/supervisor"
	"github.com/eventsource-go/eventsource/e2e/tape"
	"github.com/eventsource-go/eventsource/stores/sqlite"
)

// Two processes that start at once make one schema, then append 10 000 transactions with eight
// writers each. Others follow: one from the start, one from the middle, both only when woken.
func TestTwoProcessesAppendToOneFile(t *testing.T) {
	seed := evidence.Seed(t)
	db := newDatabase(t)
	tapes := []tape.Tape{
		{Seed: seed, Process: 1, Writers: 8, Transactions: 625},
		{Seed: seed, Process: 2, Writers: 8, Transactions: 625},
	}
	var writers []*supervisor.Process
	for _, tp := range tapes {
		writers = append(writers, supervisor.Start(t, appender(t, "write", db, tp)))
	}
	early := supervisor.Start(t, appender(t, "follow", db, tape.Tape{Process: 3}))
	waitForLines(t, writers[0], tapes[0].Writers*tapes[0].Transactions/2)
	late := supervisor.Start(t, appender(t, "follow", db, tape.Tape{Process: 4}))

	report := struct {
		Seed         uint64
		Transactions int
		Conflicts    int
		Events       int
		Streams      int
		Wakeups      []int
	}{Seed: seed}
	acks := make([][]tape.Ack, len(writers))
	for i, w := range writers {
		acks[i] = finish(t, w).acks
		report.Transactions += len(acks[i])
		for _, ack := range acks[i] {
			report.Conflicts += ack.Conflicts
		}
	}

	log := readLog(t, open(t, db, sqlite.Config{}))
	report.Events, report.Streams = len(log.Feed), len(log.Streams)
	for i, tp := range tapes {
		if stored := wantHolds(t, log, tp, acks[i]); stored != tp.Writers*tp.Transactions {
			t.Errorf("process %d: %d transactions are there", tp.Process, stored)
		}
	}
	for _, f := range []*supervisor.Process{early, late} {
		wakeups := wantFollowed(t, f, log)
		if wakeups == 0 {
			t.Errorf("process %d was never woken", f.PID())
		}
		report.Wakeups = append(report.Wakeups, wakeups)
	}
	if report.Transactions != 10_000 || report.Conflicts == 0 {
		t.Errorf("%d transactions, %d conflicts", report.Transactions, report.Conflicts)
	}
	evidence.Report(t, "two-processes", report)
}

// wantFollowed waits until a follower has seen the whole log, which only wake-ups let it, ends
// it, and returns how often it was woken.
func wantFollowed(t *testing.T, p *supervisor.Process, log *logcheck.Log) (wakeups int) {
	t.Helper()
	waitForLines(t, p, len(log.Feed))
	exit := p.Stop()
	s := hear(t, p)
	if exit != (supervisor.Exit{}) || s.end == nil || s.end.Seen != len(log.Feed) {
		t.Fatalf("follower: %v, end %+v, the feed has %d events", exit, s.end, len(log.Feed))
	}
	want := make([]tape.Seen, len(log.Feed))
	for i, rec := range log.Feed {
		want[i] = tape.See(rec)
	}
	if !slices.Equal(s.seen, want) {
		t.Error("the follower has seen another order")
	}
	return s.end.Wakeups
}
