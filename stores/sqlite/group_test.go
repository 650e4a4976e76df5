package sqlite

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	driver "modernc.org/sqlite"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

func openForGroups(t *testing.T, cfg Config) *Store {
	t.Helper()
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "events.db"), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func draftTo(id string, expect eventstore.Expectation, names ...string) eventstore.Append {
	a := eventstore.Append{Stream: event.StreamID{Category: "test", ID: id}, Expect: expect}
	for _, name := range names {
		a.Events = append(a.Events, event.Draft{ID: event.NewID(), Type: name, Schema: 1, Data: []byte("{}")})
	}
	return a
}

// countCommits counts the commits of the writer from now on.
func countCommits(t *testing.T, s *Store) *atomic.Int32 {
	t.Helper()
	var n atomic.Int32
	err := s.writer.conn.Raw(func(conn any) error {
		conn.(driver.HookRegisterer).RegisterCommitHook(func() int32 { n.Add(1); return 0 })
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return &n
}

// together appends all at once: they queue up while somebody else has the writer.
func together(t *testing.T, s *Store, appends ...[]eventstore.Append) []error {
	t.Helper()
	if err := s.writer.take(t.Context()); err != nil {
		t.Fatal(err)
	}
	errs := make([]error, len(appends))
	var wg sync.WaitGroup
	for i, a := range appends {
		wg.Go(func() { _, errs[i] = s.Append(context.Background(), a...) })
		for waiting(s) != i+1 { // in this order
			time.Sleep(time.Millisecond)
		}
	}
	s.writer.release()
	wg.Wait()
	return errs
}

func waiting(s *Store) int {
	s.writer.mu.Lock()
	defer s.writer.mu.Unlock()
	return len(s.writer.waiting)
}

func TestGroupIsCommittedOnceAndEachHasItsOwnAnswer(t *testing.T) {
	s := openForGroups(t, Config{})
	first := draftTo("1", eventstore.NoStream, "a")
	taken := draftTo("2", eventstore.Any, "b")
	taken.Events[0].ID, taken.Events[0].Data = first.Events[0].ID, []byte("[]")
	commits := countCommits(t, s)
	errs := together(t, s,
		[]eventstore.Append{first},
		[]eventstore.Append{draftTo("1", eventstore.NoStream, "late")},                                   // conflict with the first of the group
		[]eventstore.Append{draftTo("3", eventstore.Any, "c"), draftTo("1", eventstore.Exactly(9), "c")}, // half way
		[]eventstore.Append{draftTo("1", eventstore.Exactly(1), "d", "e")},
		[]eventstore.Append{first}, // sent again
	)
	conflict, ok := errors.AsType[*eventstore.ConflictError](errs[1])
	if errs[0] != nil || !ok || conflict.Actual != 1 || !errors.Is(errs[2], eventstore.ErrConflict) || errs[3] != nil || errs[4] != nil {
		t.Errorf("answers: %v", errs)
	}
	if n := commits.Load(); n != 1 {
		t.Errorf("%d commits", n)
	}
	if got := typesOf(t, s, "1") + typesOf(t, s, "3"); got != "[a d e][]" {
		t.Errorf("stored %s", got)
	}
	// A taken id is found out when the guard has moved already, so each runs again alone.
	errs = together(t, s, []eventstore.Append{draftTo("4", eventstore.Any, "a")}, []eventstore.Append{taken}, []eventstore.Append{draftTo("4", eventstore.Any, "b")})
	if errs[0] != nil || !errors.Is(errs[1], eventstore.ErrDuplicateEvent) || errs[2] != nil {
		t.Errorf("answers: %v", errs)
	}
	if got := typesOf(t, s, "2") + typesOf(t, s, "4"); got != "[][a b]" {
		t.Errorf("stored %s", got)
	}
}

func TestWhatFailsInAGroupTakesNothingWithIt(t *testing.T) {
	s := openForGroups(t, Config{})
	_, err := s.writer.conn.ExecContext(t.Context(), `CREATE TRIGGER break AFTER INSERT ON es_events
WHEN NEW.type = 'bad' BEGIN SELECT RAISE(ROLLBACK, 'broken'); END`)
	if err != nil {
		t.Fatal(err)
	}
	errs := together(t, s,
		[]eventstore.Append{draftTo("1", eventstore.Any, "a")},
		[]eventstore.Append{draftTo("1", eventstore.Any, "bad")},
		[]eventstore.Append{draftTo("1", eventstore.Any, "b")},
	)
	if _, ok := errors.AsType[*Error](errs[1]); errs[0] != nil || !ok || errs[2] != nil {
		t.Errorf("answers: %v", errs)
	}
	if got := typesOf(t, s, "1"); got != "[a b]" {
		t.Errorf("stored %s", got)
	}
}

func TestGroupLimit(t *testing.T) {
	s := openForGroups(t, Config{GroupLimit: 2})
	var appends [][]eventstore.Append
	for i := range 5 {
		appends = append(appends, []eventstore.Append{draftTo(fmt.Sprint(i), eventstore.Any, "a")})
	}
	commits := countCommits(t, s)
	if err := errors.Join(together(t, s, appends...)...); err != nil || commits.Load() != 3 {
		t.Errorf("%d commits, %v", commits.Load(), err)
	}
}

func TestCallerWhoLeavesTheQueueLeavesNothing(t *testing.T) {
	s := openForGroups(t, Config{})
	if err := s.writer.take(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { _, err := s.Append(ctx, draftTo("1", eventstore.Any, "a")); done <- err }()
	for waiting(s) != 1 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	s.writer.release()
	if got := typesOf(t, s, "1"); got != "[]" || waiting(s) != 0 {
		t.Errorf("left %s, %d waiting", got, waiting(s))
	}
}

func typesOf(t *testing.T, s *Store, id string) string {
	t.Helper()
	recs, err := eventstore.Collect(s.Read(t.Context(), event.StreamID{Category: "test", ID: id}, eventstore.ReadQuery{}))
	if err != nil {
		t.Fatal(err)
	}
	names := make([]string, len(recs))
	for i, rec := range recs {
		names[i] = rec.Type
	}
	return fmt.Sprint(names)
}
