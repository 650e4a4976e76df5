// Package eventstoretest holds the behaviour that every eventstore.Store has.
package eventstoretest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// Features are the optional abilities of a store. Run fails when a store lacks an
// ability it claims, and when it has one it does not claim.
type Features struct {
	Notify bool // implements eventstore.Notifier
}

// Run runs the suite. newStore returns an empty store that lives until tb ends.
func Run(t *testing.T, newStore func(tb testing.TB) eventstore.Store, f Features) {
	t.Run("Features", func(t *testing.T) {
		if _, ok := eventstore.As[eventstore.Notifier](newStore(t)); ok != f.Notify {
			t.Errorf("Notify: has %v, claims %v", ok, f.Notify)
		}
	})
	for name, test := range map[string]func(*testing.T, eventstore.Store){
		"Append/Expectations":        appendExpectations,
		"Append/OneOfManyWins":       appendOneOfManyWins,
		"Append/SeveralAllOrNone":    appendSeveral,
		"Append/SentAgain":           appendSentAgain,
		"Append/Closed":              appendClosed,
		"Append/InvalidIsRefused":    appendInvalid,
		"Append/CanceledDoesNothing": appendCanceled,
		"Read/Query":                 readQuery,
		"Feed/LooksPastOtherTypes":   feedFiltered,
		"Feed/OrderUnderConcurrency": feedOrder,
		"Feed/AnotherStoresPosition": func(t *testing.T, s eventstore.Store) { feedForeign(t, s, newStore(t)) },
		"Atomic/BuffersAndRetries":   atomic,
		"Model":                      model,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newStore(t))
		})
	}
}

var one, two = event.StreamID{Category: "test", ID: "1"}, event.StreamID{Category: "test", ID: "2"}

func to(stream event.StreamID, expect eventstore.Expectation, types ...string) eventstore.Append {
	a := eventstore.Append{Stream: stream, Expect: expect}
	for _, name := range types {
		a.Events = append(a.Events, event.Draft{ID: event.NewID(), Type: name, Schema: 1, Data: []byte(`{"n": 1}`)})
	}
	return a
}

func mustAppend(t *testing.T, s eventstore.Streams, appends ...eventstore.Append) []eventstore.AppendResult {
	t.Helper()
	results, err := s.Append(t.Context(), appends...)
	if err != nil {
		t.Fatal(err)
	}
	return results
}

// types returns the types of the events of stream that q selects, and fails if it yields an error.
func types(t *testing.T, s eventstore.Streams, stream event.StreamID, q eventstore.ReadQuery) []string {
	t.Helper()
	var names []string
	for rec, err := range s.Read(t.Context(), stream, q) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, rec.Type)
	}
	return names
}

func appendExpectations(t *testing.T, s eventstore.Store) {
	mustAppend(t, s, to(two, eventstore.NoStream, "a", "b"))
	for i, c := range []struct {
		stream event.StreamID
		expect eventstore.Expectation
		actual event.Version // of the conflict
		ok     bool
	}{
		{one, eventstore.StreamExists, 0, false},
		{one, eventstore.Exactly(1), 0, false},
		{two, eventstore.NoStream, 2, false},
		{two, eventstore.Exactly(1), 2, false},
		{two, eventstore.Exactly(2), 0, true},
		{two, eventstore.StreamExists, 0, true},
		{two, eventstore.Any, 0, true},
		{one, eventstore.Any, 0, true},
	} {
		_, err := s.Append(t.Context(), to(c.stream, c.expect, "x"))
		conflict, ok := errors.AsType[*eventstore.ConflictError](err)
		if (err == nil) != c.ok || !c.ok && (!ok || !errors.Is(err, eventstore.ErrConflict) || conflict.Actual != c.actual) {
			t.Errorf("%d: append to %v expecting %v: %v", i, c.stream, c.expect, err)
		}
	}
}

func appendOneOfManyWins(t *testing.T, s eventstore.Store) {
	var wg sync.WaitGroup
	wins := make(chan struct{}, 16)
	for range cap(wins) {
		wg.Go(func() {
			switch _, err := s.Append(t.Context(), to(one, eventstore.NoStream, "a")); {
			case err == nil:
				wins <- struct{}{}
			case !errors.Is(err, eventstore.ErrConflict):
				t.Error(err)
			}
		})
	}
	if wg.Wait(); len(wins) != 1 {
		t.Fatalf("%d appends won", len(wins))
	}
}

func appendSeveral(t *testing.T, s eventstore.Store) {
	if _, err := s.Append(t.Context(), to(one, eventstore.Any, "a"), to(two, eventstore.Exactly(7), "b")); !errors.Is(err, eventstore.ErrConflict) {
		t.Fatal(err)
	}
	if got := types(t, s, one, eventstore.ReadQuery{}); len(got) != 0 {
		t.Fatalf("half of it was stored: %v", got)
	}
	results := mustAppend(t, s, to(two, eventstore.NoStream, "b"), to(one, eventstore.NoStream, "a", "a"))
	if len(results) != 2 || results[0].Version != 1 || results[1].Version != 2 {
		t.Fatalf("results %v", results)
	}
}

func appendSentAgain(t *testing.T, s eventstore.Store) {
	first := to(one, eventstore.NoStream, "a", "b")
	want := mustAppend(t, s, first)[0]
	mustAppend(t, s, to(one, eventstore.Any, "c"))
	want.Replayed = true
	if got := mustAppend(t, s, first)[0]; got != want {
		t.Errorf("sent again: %v, want %v", got, want)
	}
	for name, change := range map[string]func(a *eventstore.Append){
		"other content": func(a *eventstore.Append) { a.Events[0].Data = []byte("[]") },
		"other stream":  func(a *eventstore.Append) { a.Stream = two },
		"one is new":    func(a *eventstore.Append) { a.Events[0].ID = event.NewID() },
	} {
		again := first
		again.Events = slices.Clone(first.Events)
		change(&again)
		again.Expect = eventstore.Any
		if _, err := s.Append(t.Context(), again); !errors.Is(err, eventstore.ErrDuplicateEvent) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func appendClosed(t *testing.T, s eventstore.Store) {
	last := to(one, eventstore.NoStream, "a")
	last.Close = true
	mustAppend(t, s, last)
	for _, expect := range []eventstore.Expectation{eventstore.NoStream, eventstore.Exactly(1), eventstore.StreamExists, eventstore.Any} {
		if _, err := s.Append(t.Context(), to(one, expect, "b")); !errors.Is(err, eventstore.ErrStreamClosed) {
			t.Errorf("expecting %v: %v", expect, err)
		}
	}
}

func appendInvalid(t *testing.T, s eventstore.Store) {
	ok, notJSON, noID := to(one, eventstore.Any, "a"), to(two, eventstore.Any, "a"), to(two, eventstore.Any, "a")
	notJSON.Events[0].Data, noID.Events[0].ID = []byte("{"), event.ID{}
	for i, bad := range []eventstore.Append{notJSON, noID, to(one, eventstore.Any, "a"), to(two, eventstore.Any), to(event.StreamID{Category: "a-b", ID: "1"}, eventstore.Any, "a")} {
		if _, err := s.Append(t.Context(), ok, bad); !errors.Is(err, eventstore.ErrInvalidAppend) {
			t.Errorf("%d: %v", i, err)
		}
	}
	if got := types(t, s, one, eventstore.ReadQuery{}); len(got) != 0 {
		t.Errorf("the good half was stored: %v", got)
	}
}

func appendCanceled(t *testing.T, s eventstore.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Append(ctx, to(one, eventstore.Any, "a")); !errors.Is(err, context.Canceled) {
		t.Fatalf("append on a canceled context: %v", err)
	}
	if got := types(t, s, one, eventstore.ReadQuery{}); len(got) != 0 {
		t.Fatalf("it left %v", got)
	}
}

func readQuery(t *testing.T, s eventstore.Store) {
	a := to(one, eventstore.NoStream, "1", "2", "3", "4")
	mustAppend(t, s, a)
	for want, q := range map[string]eventstore.ReadQuery{
		"[1 2 3 4]": {},
		"[3 4]":     {After: 2},
		"[2 3]":     {After: 1, UpTo: 3},
		"[4 3]":     {Backward: true, Limit: 2},
		"[1 2]":     {Limit: 2},
		"[]":        {After: 9},
	} {
		if got := fmt.Sprint(types(t, s, one, q)); got != want {
			t.Errorf("%+v: %s, want %s", q, got, want)
		}
	}
	for rec := range s.Read(t.Context(), one, eventstore.ReadQuery{}) {
		rec.Data[0] = 'x' // it is ours
	}
	if got, err := eventstore.Collect(s.Read(t.Context(), one, eventstore.ReadQuery{Limit: 1})); err != nil || string(got[0].Data) != `{"n": 1}` {
		t.Errorf("a reader changed the store: %s, %v", got[0].Data, err)
	}
}

// readFeed reads to the head in pages and returns all records and where the feed ended.
func readFeed(t *testing.T, s eventstore.Feed, q eventstore.FeedQuery) ([]event.Record, event.Cursor) {
	t.Helper()
	for recs := []event.Record(nil); ; {
		page, err := s.Page(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		recs, q.After = append(recs, page.Records...), page.Next
		if page.AtHead {
			return recs, q.After
		}
	}
}

func feedFiltered(t *testing.T, s eventstore.Store) {
	mustAppend(t, s, to(one, eventstore.NoStream, "a", "b", "a", "b", "b"))
	head, err := s.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]int{"a": 2, "b": 3, "c": 0} {
		if recs, next := readFeed(t, s, eventstore.FeedQuery{Types: []string{name}, Limit: 1}); len(recs) != want || next.Position != head {
			t.Errorf("%d of %s, ended at %v, not %v", len(recs), name, next.Position, head)
		}
	}
}

func feedOrder(t *testing.T, s eventstore.Store) {
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 20 {
				mustAppend(t, s, to(event.StreamID{Category: "test", ID: fmt.Sprint(i % 4)}, eventstore.Any, "a", "b"))
			}
		})
	}
	wg.Wait()
	recs, _ := readFeed(t, s, eventstore.FeedQuery{Limit: 7})
	if len(recs) != 320 {
		t.Fatalf("%d records", len(recs))
	}
	versions := make(map[event.StreamID]event.Version)
	for i, rec := range recs {
		if versions[rec.Stream]++; rec.Version != versions[rec.Stream] {
			t.Fatalf("%v: version %d, want %d", rec.Stream, rec.Version, versions[rec.Stream])
		}
		if i > 0 {
			if c, err := rec.Position.Compare(recs[i-1].Position); c <= 0 || err != nil {
				t.Fatalf("%v after %v: %v", rec.Position, recs[i-1].Position, err)
			}
		}
	}
}

func feedForeign(t *testing.T, s, other eventstore.Store) {
	mustAppend(t, s, to(one, eventstore.Any, "a"))
	mustAppend(t, other, to(one, eventstore.Any, "a"))
	_, theirs := readFeed(t, other, eventstore.FeedQuery{})
	if _, err := s.Page(t.Context(), eventstore.FeedQuery{After: theirs}); !errors.Is(err, eventstore.ErrForeignPosition) {
		t.Errorf("position of another store: %v", err)
	}
	_, ours := readFeed(t, s, eventstore.FeedQuery{})
	ours.Event = theirs.Event
	if _, err := s.Page(t.Context(), eventstore.FeedQuery{After: ours}); !errors.Is(err, eventstore.ErrDiverged) {
		t.Errorf("another event at the position: %v", err)
	}
}

func atomic(t *testing.T, s eventstore.Store) {
	mustAppend(t, s, to(one, eventstore.NoStream, "1"))
	runs := 0
	pos, err := eventstore.Atomic(t.Context(), s, func(ctx context.Context, tx eventstore.Streams) error {
		runs++
		n := len(types(t, tx, one, eventstore.ReadQuery{}))
		mustAppend(t, tx, to(one, eventstore.Exactly(event.Version(n)), "2"), to(two, eventstore.Any, "a"))
		mustAppend(t, tx, to(one, eventstore.StreamExists, "3"))
		if runs == 1 {
			mustAppend(t, s, to(one, eventstore.Any, "x")) // somebody else
		}
		if got := types(t, tx, one, eventstore.ReadQuery{Backward: true, Limit: 3}); got[0] != "3" || got[1] != "2" || len(got) != 3 {
			t.Errorf("inside: %v", got)
		}
		if _, err := tx.Append(ctx, to(two, eventstore.NoStream, "b")); !errors.Is(err, eventstore.ErrConflict) {
			t.Errorf("append expecting what is not so inside: %v", err)
		}
		return nil
	})
	head, _ := s.Head(t.Context())
	if got := fmt.Sprint(types(t, s, one, eventstore.ReadQuery{})); err != nil || runs != 2 || pos != head || got != "[1 x 2 3]" {
		t.Errorf("%d runs to %v of %v: %s, %v", runs, pos, head, got, err)
	}
	boom := errors.New("boom")
	if _, err = eventstore.Atomic(t.Context(), s, func(_ context.Context, tx eventstore.Streams) error {
		mustAppend(t, tx, to(two, eventstore.Any, "b"))
		return boom
	}); err != boom || len(types(t, s, two, eventstore.ReadQuery{})) != 1 {
		t.Errorf("it should have left nothing: %v", err)
	}
}

// model runs random appends on the store and on a map, and compares the two.
func model(t *testing.T, s eventstore.Store) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	want := make(map[event.StreamID][]string)
	for range 300 {
		id := event.StreamID{Category: "model", ID: fmt.Sprint(rnd.IntN(4))}
		n := len(want[id])
		expected := n
		if rnd.IntN(3) == 0 {
			expected = rnd.IntN(n + 2)
		}
		names := make([]string, 1+rnd.IntN(3))
		for i := range names {
			names[i] = fmt.Sprint(rnd.Uint32())
		}
		_, err := s.Append(t.Context(), to(id, eventstore.Exactly(event.Version(expected)), names...))
		if (err == nil) != (expected == n) {
			t.Fatalf("append to %s at %d expecting %d: %v", id, n, expected, err)
		}
		if err == nil {
			want[id] = append(want[id], names...)
		}
		if got := types(t, s, id, eventstore.ReadQuery{}); !slices.Equal(got, want[id]) {
			t.Fatalf("%s: %v, want %v", id, got, want[id])
		}
	}
}
