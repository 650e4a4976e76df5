// Package sqlite_test is what the SQLite store promises when several processes use one file, when
// they are killed or frozen, and when the disk gives up.
package sqlite_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/eventsource-go/eventsource/e2e/evidence"
	"github.com/eventsource-go/eventsource/e2e/logcheck"
	"github.com/eventsource-go/eventsource/e2e/supervisor"
	"github.com/eventsource-go/eventsource/e2e/tape"
	"github.com/eventsource-go/eventsource/stores/sqlite"
)

// patience is how long anything may take that has to happen at all.
const patience = 2 * time.Minute

// newDatabase returns the name of a file that is not there yet.
func newDatabase(tb testing.TB) string { return filepath.Join(evidence.Dir(tb), "events.db") }

// appender says how to run one.
func appender(tb testing.TB, command, db string, t tape.Tape, flags ...string) supervisor.Spec {
	tb.Helper()
	return supervisor.Spec{
		Name: fmt.Sprintf("appender-%s-%d", command, t.Process),
		Path: supervisor.Build(tb, "e2e/cmd/appender"),
		Args: append([]string{
			command, "-db", db, "-seed", strconv.FormatUint(t.Seed, 10), "-process", strconv.Itoa(t.Process),
			"-writers", strconv.Itoa(t.Writers), "-transactions", strconv.Itoa(t.Transactions),
		}, flags...),
		StopWithin: patience,
	}
}

// endless returns a tape of which nobody sees the end.
func endless(seed uint64, process int) tape.Tape {
	return tape.Tape{Seed: seed, Process: process, Writers: 8, Transactions: 1 << 30}
}

// played returns t as far as it may have been played, by what was acknowledged of it.
func played(t tape.Tape, acks []tape.Ack) tape.Tape {
	t.Transactions = 1
	for _, ack := range acks {
		t.Transactions = max(t.Transactions, ack.Index+2)
	}
	return t
}

func open(tb testing.TB, path string, cfg sqlite.Config) *sqlite.Store {
	tb.Helper()
	s, err := sqlite.Open(tb.Context(), path, cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// said is what an appender printed, by kind.
type said struct {
	acks    []tape.Ack
	refused []tape.Refused
	seen    []tape.Seen
	holding bool
	end     *tape.End
}

// hear returns what p has said since it was started last.
func hear(tb testing.TB, p *supervisor.Process) said {
	tb.Helper()
	lines, _, err := p.Stdout().Lines(0)
	if err != nil {
		tb.Fatal(err)
	}
	parsed, err := tape.Parse(lines)
	if err != nil {
		tb.Fatal(err)
	}
	var s said
	for _, line := range parsed {
		switch {
		case line.Ack != nil:
			s.acks = append(s.acks, *line.Ack)
		case line.Refused != nil:
			s.refused = append(s.refused, *line.Refused)
		case line.Seen != nil:
			s.seen = append(s.seen, *line.Seen)
		case line.Holding:
			s.holding = true
		case line.End != nil:
			s.end = line.End
		}
	}
	return s
}

// waitForLines returns when p has printed that many.
func waitForLines(tb testing.TB, p *supervisor.Process, n int) {
	tb.Helper()
	have, skip := 0, int64(0)
	err := supervisor.Poll(tb.Context(), patience, func(context.Context) error {
		lines, next, err := p.Stdout().Lines(skip)
		if err != nil {
			return err
		}
		if have, skip = have+len(lines), next; have < n {
			return fmt.Errorf("%d of %d lines", have, n)
		}
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
}

// finish waits until an appender is through with its tape, and returns what it said. Nothing may
// have been refused.
func finish(tb testing.TB, p *supervisor.Process) said {
	tb.Helper()
	exit := p.WaitWithin(patience)
	s := hear(tb, p)
	if exit != (supervisor.Exit{}) || len(s.refused) > 0 || s.end == nil || s.end.Acks != len(s.acks) {
		tb.Errorf("process %d: %v, end %+v, %d acks, refused %+v", p.PID(), exit, s.end, len(s.acks), s.refused)
	}
	return s
}

// stop asks an appender to end before its tape does, and returns what it said.
func stop(tb testing.TB, p *supervisor.Process) said {
	tb.Helper()
	if err := p.Signal(syscall.SIGTERM); err != nil {
		tb.Fatal(err)
	}
	return finish(tb, p)
}

// readLog returns what is in the store; nothing may be wrong with it.
func readLog(tb testing.TB, s *sqlite.Store) *logcheck.Log {
	tb.Helper()
	log, err := logcheck.Read(tb.Context(), s, tape.Category)
	if err != nil {
		tb.Errorf("the log: %v", err)
	}
	if log == nil {
		tb.FailNow()
	}
	wantIntact(tb, s)
	return log
}

// wantIntact lets SQLite check its file.
func wantIntact(tb testing.TB, s *sqlite.Store) {
	tb.Helper()
	var result string
	if err := s.DB().QueryRowContext(tb.Context(), "PRAGMA integrity_check").Scan(&result); err != nil || result != "ok" {
		tb.Errorf("integrity: %s %v", result, err)
	}
}

func wantHolds(tb testing.TB, log *logcheck.Log, t tape.Tape, acks []tape.Ack) (stored int) {
	tb.Helper()
	stored, err := log.Holds(t, acks)
	if err != nil {
		tb.Errorf("tape of process %d: %v", t.Process, err)
	}
	return stored
}
