package sqlite_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/e2e/evidence"
	"github.com/eventsource-go/eventsource/e2e/supervisor"
	"github.com/eventsource-go/eventsource/e2e/tape"
	"github.com/eventsource-go/eventsource/stores/sqlite"
)

// oneEvent is an append of this process, beside what tapes append.
func oneEvent() eventstore.Append {
	return eventstore.Append{
		Stream: event.StreamID{Category: tape.Category, ID: "mine"}, Expect: eventstore.Any,
		Events: []event.Draft{{ID: uuid.New(), Type: "tape.event0", Schema: 1, Data: []byte(`{}`)}},
	}
}

// startHolder starts a process and freezes it while it holds the write lock.
func startHolder(t *testing.T, db string, seed uint64) (*supervisor.Process, tape.Tape) {
	t.Helper()
	tp := tape.Tape{Seed: seed, Process: 1, Writers: 1, Transactions: 1}
	holder := supervisor.Start(t, appender(t, "hold", db, tp))
	waitForLines(t, holder, 1)
	if !hear(t, holder).holding {
		t.Fatal("it does not hold the lock")
	}
	holder.Pause()
	return holder, tp
}

// wantBusy checks that the lock is in the way of writing, in a typed error, and of nothing else.
func wantBusy(t *testing.T, s *sqlite.Store) {
	t.Helper()
	_, err := s.Append(t.Context(), oneEvent())
	if _, typed := errors.AsType[*sqlite.Error](err); !typed || !errors.Is(err, eventstore.ErrBusy) {
		t.Errorf("append: %v", err)
	}
	if _, err := s.Page(t.Context(), eventstore.FeedQuery{}); err != nil {
		t.Errorf("page: %v", err)
	}
	if events := mine(t, s); events != 0 {
		t.Errorf("%d events after a refusal", events)
	}
}

func mine(t *testing.T, s *sqlite.Store) int {
	t.Helper()
	records, err := eventstore.Collect(s.Read(t.Context(), oneEvent().Stream, eventstore.ReadQuery{}))
	if err != nil {
		t.Fatal(err)
	}
	return len(records)
}

func migrated(t *testing.T, db string, cfg sqlite.Config) *sqlite.Store {
	t.Helper()
	s := open(t, db, cfg)
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFrozenProcessHoldsTheLock(t *testing.T) {
	db := newDatabase(t)
	s := migrated(t, db, sqlite.Config{BusyTimeout: 200 * time.Millisecond})
	holder, tp := startHolder(t, db, evidence.Seed(t))
	wantBusy(t, s)

	holder.Resume()
	if exit := holder.Stop(); exit != (supervisor.Exit{}) {
		t.Errorf("holder: %v", exit)
	}
	if _, err := s.Append(t.Context(), oneEvent()); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	log := readLog(t, s)
	if stored := wantHolds(t, log, tp, hear(t, holder).acks); stored != 1 || mine(t, s) != 1 {
		t.Errorf("%d of the holder, %d of mine", stored, mine(t, s))
	}
}

func TestFrozenProcessIsKilled(t *testing.T) {
	db := newDatabase(t)
	s := migrated(t, db, sqlite.Config{BusyTimeout: 200 * time.Millisecond})
	holder, tp := startHolder(t, db, evidence.Seed(t))
	wantBusy(t, s)

	holder.Kill()
	if _, err := s.Append(t.Context(), oneEvent()); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	if stored := wantHolds(t, readLog(t, s), tp, nil); stored != 0 || mine(t, s) != 1 {
		t.Errorf("%d of the holder, which never committed, %d of mine", stored, mine(t, s))
	}
}

// Processes that are frozen again and again, wherever they are, are in the way of others for as
// long, and do no harm.
func TestFrozenAtRandom(t *testing.T) {
	const freezes = 15
	seed := evidence.Seed(t)
	db := newDatabase(t)
	s := migrated(t, db, sqlite.Config{BusyTimeout: 50 * time.Millisecond})
	tp := endless(seed, 1)
	writer := supervisor.Start(t, appender(t, "write", db, tp, "-busy", "1m"))
	choice := evidence.Rand(seed, 0)
	report := struct {
		Seed                   uint64
		Freezes, Busy, Through int
	}{Seed: seed, Freezes: freezes}
	for range freezes {
		waitForLines(t, writer, len(hear(t, writer).acks)+1+choice.IntN(200))
		writer.Pause()
		_, err := s.Append(t.Context(), oneEvent())
		switch {
		case errors.Is(err, eventstore.ErrBusy):
			report.Busy++
		case err == nil:
			report.Through++
		default:
			t.Errorf("beside a frozen process: %v", err)
		}
		writer.Resume()
	}
	acks := stop(t, writer).acks
	tp = played(tp, acks)
	if stored := wantHolds(t, readLog(t, s), tp, acks); stored != len(acks) || mine(t, s) != report.Through {
		t.Errorf("%d of %d transactions; %d of mine, %d acknowledged", stored, len(acks), mine(t, s), report.Through)
	}
	evidence.Report(t, "frozen", report)
}
