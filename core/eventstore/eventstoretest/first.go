package eventstoretest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

func on(fn func(*trial, eventstore.Store)) func(*trial) { return func(t *trial) { fn(t, t.open()) } }

var firstCases = []scenario{
	{name: "Append/Expectations", run: on(appendExpectations)},
	{name: "Append/OneOfManyWins", run: on(appendOneOfManyWins)},
	{name: "Append/SeveralAllOrNone", run: on(appendSeveral)},
	{name: "Append/SentAgain", run: on(appendSentAgain)},
	{name: "Append/Closed", run: on(appendClosed)},
	{name: "Append/InvalidIsRefused", run: on(appendInvalid)},
	{name: "Append/CanceledDoesNothing", run: on(appendCanceled)},
	{name: "Read/Query", run: on(readQuery)},
	{name: "Feed/LooksPastOtherTypes", run: on(feedFiltered)},
	{name: "Feed/OrderUnderConcurrency", run: on(feedOrder)},
	{name: "Feed/AnotherStoresPosition", run: func(t *trial) { feedForeign(t, t.open(), t.open()) }},
	{name: "Atomic/BuffersAndRetries", run: on(atomic)},
	{name: "Model", run: on(model)},
}

func (t *trial) readFeed(ctx context.Context, s eventstore.Feed, q eventstore.FeedQuery) ([]event.Record, event.Cursor) {
	t.Helper()
	for recs := []event.Record(nil); ; {
		page, err := s.Page(ctx, q)
		if err != nil {
			t.Fatal(err)
		}
		recs, q.After = append(recs, page.Records...), page.Next
		if page.AtHead {
			return recs, q.After
		}
	}
}

func appendExpectations(t *trial, s eventstore.Store) {
	t.append(s, to(two, eventstore.NoStream, "a", "b"))
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

func appendOneOfManyWins(t *trial, s eventstore.Store) {
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

func appendSeveral(t *trial, s eventstore.Store) {
	if _, err := s.Append(t.Context(), to(one, eventstore.Any, "a"), to(two, eventstore.Exactly(7), "b")); !errors.Is(err, eventstore.ErrConflict) {
		t.Fatal(err)
	}
	if got := t.readTypes(s, one, eventstore.ReadQuery{}); len(got) != 0 {
		t.Fatalf("half of it was stored: %v", got)
	}
	results := t.append(s, to(two, eventstore.NoStream, "b"), to(one, eventstore.NoStream, "a", "a"))
	if len(results) != 2 || results[0].Version != 1 || results[1].Version != 2 {
		t.Fatalf("results %v", results)
	}
}

func appendSentAgain(t *trial, s eventstore.Store) {
	first := to(one, eventstore.NoStream, "a", "b")
	want := t.append(s, first)[0]
	t.append(s, to(one, eventstore.Any, "c"))
	want.Replayed = true
	if got := t.append(s, first)[0]; got != want {
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

func appendClosed(t *trial, s eventstore.Store) {
	last := to(one, eventstore.NoStream, "a")
	last.Close = true
	t.append(s, last)
	for _, expect := range []eventstore.Expectation{eventstore.NoStream, eventstore.Exactly(1), eventstore.StreamExists, eventstore.Any} {
		if _, err := s.Append(t.Context(), to(one, expect, "b")); !errors.Is(err, eventstore.ErrStreamClosed) {
			t.Errorf("expecting %v: %v", expect, err)
		}
	}
}

func appendInvalid(t *trial, s eventstore.Store) {
	ok, notJSON, noID := to(one, eventstore.Any, "a"), to(two, eventstore.Any, "a"), to(two, eventstore.Any, "a")
	notJSON.Events[0].Data, noID.Events[0].ID = []byte("{"), event.ID{}
	for i, bad := range []eventstore.Append{notJSON, noID, to(one, eventstore.Any, "a"), to(two, eventstore.Any), to(event.StreamID{Category: "a-b", ID: "1"}, eventstore.Any, "a")} {
		if _, err := s.Append(t.Context(), ok, bad); !errors.Is(err, eventstore.ErrInvalidAppend) {
			t.Errorf("%d: %v", i, err)
		}
	}
	if got := t.readTypes(s, one, eventstore.ReadQuery{}); len(got) != 0 {
		t.Errorf("the good half was stored: %v", got)
	}
}

func appendCanceled(t *trial, s eventstore.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Append(ctx, to(one, eventstore.Any, "a")); !errors.Is(err, context.Canceled) {
		t.Fatalf("append on a canceled context: %v", err)
	}
	if got := t.readTypes(s, one, eventstore.ReadQuery{}); len(got) != 0 {
		t.Fatalf("it left %v", got)
	}
}

func readQuery(t *trial, s eventstore.Store) {
	a := to(one, eventstore.NoStream, "1", "2", "3", "4")
	t.append(s, a)
	for want, q := range map[string]eventstore.ReadQuery{
		"[1 2 3 4]": {},
		"[3 4]":     {After: 2},
		"[2 3]":     {After: 1, UpTo: 3},
		"[4 3]":     {Backward: true, Limit: 2},
		"[1 2]":     {Limit: 2},
		"[]":        {After: 9},
	} {
		if got := fmt.Sprint(t.readTypes(s, one, q)); got != want {
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

func feedFiltered(t *trial, s eventstore.Store) {
	t.append(s, to(one, eventstore.NoStream, "a", "b", "a", "b", "b"))
	head, err := s.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]int{"a": 2, "b": 3, "c": 0} {
		if recs, next := t.readFeed(t.Context(), s, eventstore.FeedQuery{Types: []string{name}, Limit: 1}); len(recs) != want || next.Position != head {
			t.Errorf("%d of %s, ended at %v, not %v", len(recs), name, next.Position, head)
		}
	}
}

func feedOrder(t *trial, s eventstore.Store) {
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 20 {
				t.append(s, to(event.StreamID{Category: "test", ID: fmt.Sprint(i % 4)}, eventstore.Any, "a", "b"))
			}
		})
	}
	wg.Wait()
	recs, _ := t.readFeed(t.Context(), s, eventstore.FeedQuery{Limit: 7})
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

func feedForeign(t *trial, s, other eventstore.Store) {
	t.append(s, to(one, eventstore.Any, "a"))
	t.append(other, to(one, eventstore.Any, "a"))
	_, theirs := t.readFeed(t.Context(), other, eventstore.FeedQuery{})
	if _, err := s.Page(t.Context(), eventstore.FeedQuery{After: theirs}); !errors.Is(err, eventstore.ErrForeignPosition) {
		t.Errorf("position of another store: %v", err)
	}
	_, ours := t.readFeed(t.Context(), s, eventstore.FeedQuery{})
	ours.Event = theirs.Event
	if _, err := s.Page(t.Context(), eventstore.FeedQuery{After: ours}); !errors.Is(err, eventstore.ErrDiverged) {
		t.Errorf("another event at the position: %v", err)
	}
}

func atomic(t *trial, s eventstore.Store) {
	t.append(s, to(one, eventstore.NoStream, "1"))
	runs := 0
	pos, err := eventstore.Atomic(t.Context(), s, func(ctx context.Context, tx eventstore.Streams) error {
		runs++
		n := len(t.readTypes(tx, one, eventstore.ReadQuery{}))
		t.append(tx, to(one, eventstore.Exactly(event.Version(n)), "2"), to(two, eventstore.Any, "a"))
		t.append(tx, to(one, eventstore.StreamExists, "3"))
		if runs == 1 {
			t.append(s, to(one, eventstore.Any, "x")) // somebody else
		}
		if got := t.readTypes(tx, one, eventstore.ReadQuery{Backward: true, Limit: 3}); got[0] != "3" || got[1] != "2" || len(got) != 3 {
			t.Errorf("inside: %v", got)
		}
		if _, err := tx.Append(ctx, to(two, eventstore.NoStream, "b")); !errors.Is(err, eventstore.ErrConflict) {
			t.Errorf("append expecting what is not so inside: %v", err)
		}
		return nil
	})
	head, _ := s.Head(t.Context())
	if got := fmt.Sprint(t.readTypes(s, one, eventstore.ReadQuery{})); err != nil || runs != 2 || pos != head || got != "[1 x 2 3]" {
		t.Errorf("%d runs to %v of %v: %s, %v", runs, pos, head, got, err)
	}
	boom := errors.New("boom")
	if _, err = eventstore.Atomic(t.Context(), s, func(_ context.Context, tx eventstore.Streams) error {
		t.append(tx, to(two, eventstore.Any, "b"))
		return boom
	}); err != boom || len(t.readTypes(s, two, eventstore.ReadQuery{})) != 1 {
		t.Errorf("it should have left nothing: %v", err)
	}
}

// model runs random appends on the store and on a map, and compares the two.
func model(t *trial, s eventstore.Store) {
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
		if got := t.readTypes(s, id, eventstore.ReadQuery{}); !slices.Equal(got, want[id]) {
			t.Fatalf("%s: %v, want %v", id, got, want[id])
		}
	}
}
