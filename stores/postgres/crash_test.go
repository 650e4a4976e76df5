package postgres_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/stores/postgres"
)

// requireReachable waits until connections that are gone have been noticed.
func requireReachable(t testing.TB, s *postgres.Store) {
	t.Helper()
	for _, err := s.Head(t.Context()); err != nil; _, err = s.Head(t.Context()) {
		if !errors.Is(err, postgres.ErrUnreachable) {
			t.Fatal(err)
		}
	}
}

// A server that acknowledges before it has written anything forgets when it crashes. Whoever has
// seen what is lost is told; whoever has not goes on exactly.
func TestCrashWithoutSynchronousCommit(t *testing.T) {
	t.Parallel()
	settings := []string{"synchronous_commit=off", "wal_writer_delay=10000ms", "wal_writer_flush_after=1GB", "checkpoint_timeout=1h"}
	server := started(t, settings...)
	s := openUntil(t, server.URL)
	defer s.Close()
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	lost := 0
	for round := range 4 {
		name := fmt.Sprint(round)
		mustAppend(t, s, to(stream(name), eventstore.NoStream, "durable", "durable"))
		exec(t, s.DB(), "CHECKPOINT")
		for i := range 20 {
			mustAppend(t, s, to(stream("tail"+name), eventstore.Exactly(n64(i)), "a"))
		}
		seen := mustFollow(t, s, event.Cursor{}, 7)
		if err := errors.Join(server.Kill(), server.Restart(t.Context(), settings...)); err != nil {
			t.Fatal(err)
		}
		requireReachable(t, s)
		there := make(map[event.ID]bool)
		for _, rec := range mustFollow(t, s, event.Cursor{}, 100) {
			there[rec.ID] = true
		}
		if !there[seen[len(seen)-21].ID] {
			t.Fatal("what a checkpoint wrote is lost")
		}
		for i := range 30 {
			mustAppend(t, s, to(stream("new"+name), eventstore.Exactly(n64(i)), "b"))
		}
		now := mustFollow(t, s, event.Cursor{}, 7)
		at := make(map[event.ID]int)
		for i, rec := range now {
			at[rec.ID] = i
		}
		for _, r := range []*postgres.Store{s, openMigrated(t, server.URL, postgres.Config{ListenURL: "-"})} {
			for _, rec := range seen {
				rest, _, err := follow(t.Context(), r, cursorOf(rec), 7)
				switch {
				case !there[rec.ID] && !errors.Is(err, eventstore.ErrDiverged):
					t.Fatalf("after an event that is lost come %d others, %v", len(rest), err)
				case there[rec.ID] && (err != nil || !sameRecords(rest, now[at[rec.ID]+1:])):
					t.Fatalf("after an event that is there come %d others, want %d, %v", len(rest), len(now)-at[rec.ID]-1, err)
				}
			}
		}
		lost += len(seen) - len(there)
	}
	t.Logf("%d of 80 events that had been acknowledged were lost", lost)
}

// Places that are given out again, as after such a crash, are waited for again, by a store that
// knew of them as settled, too.
func TestPositionsGivenOutAgain(t *testing.T) {
	t.Parallel()
	server := started(t)
	s := openUntil(t, server.URL)
	defer s.Close()
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	mustAppend(t, s, to(one, eventstore.NoStream, "a", "b", "c"))
	mustAppend(t, s, to(two, eventstore.NoStream, "d", "e", "f", "g"))
	seen := mustFollow(t, s, event.Cursor{}, 100)
	exec(t, s.DB(), "DELETE FROM es_events WHERE position > 3")
	exec(t, s.DB(), "DELETE FROM es_streams WHERE stream = '2'")
	exec(t, s.DB(), "SELECT setval('es_events_position_seq', 3)")
	if err := errors.Join(server.Kill(), server.Restart(t.Context())); err != nil {
		t.Fatal(err)
	}
	requireReachable(t, s)
	for i, rec := range seen {
		rest, _, err := follow(t.Context(), s, cursorOf(rec), 100)
		if i < 3 && (err != nil || len(rest) != 2-i) || i >= 3 && !errors.Is(err, eventstore.ErrDiverged) {
			t.Errorf("after event %d come %d, %v", i, len(rest), err)
		}
	}
	tx := begin(t, s)
	mustAppend(t, s.WithTx(tx), to(stream("sleeps"), eventstore.NoStream, "a"))
	fifth := mustAppend(t, s, to(stream("5"), eventstore.NoStream, "a", "b"))[0]
	for _, r := range []*postgres.Store{s, openMigrated(t, server.URL, postgres.Config{ListenURL: "-"})} {
		rest, stall, err := follow(t.Context(), r, cursorOf(seen[2]), 100)
		if err != nil || stall == nil || len(rest) != 0 {
			t.Errorf("while the fourth place is open: %d records, stall %v, %v", len(rest), stall, err)
		}
		for i, rec := range seen[3:] { // the first of whose places nobody has yet
			_, _, err := follow(t.Context(), r, cursorOf(rec), 100)
			if !errors.Is(err, eventstore.ErrDiverged) {
				t.Errorf("a cursor of event %d: %v", i+3, err)
			}
		}
	}
	end(t, tx.Commit)
	rest := mustFollow(t, s, cursorOf(seen[2]), 1)
	if len(rest) != 3 || rest[0].Position != seen[3].Position || rest[1].Position != fifth.First {
		t.Errorf("in the end %d records, want those of places 4, 5 and 6", len(rest))
	}
	for i, rec := range seen[3:6] {
		_, _, err := follow(t.Context(), s, cursorOf(rec), 100)
		diverged(t, "a place that another one has", err, cursorOf(rec), rest[i].ID)
	}
	_, _, err := follow(t.Context(), s, cursorOf(seen[6]), 100)
	diverged(t, "a place beyond", err, cursorOf(seen[6]), event.ID{})
}
