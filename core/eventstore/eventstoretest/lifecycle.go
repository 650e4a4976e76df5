package eventstoretest

import (
	"errors"
	"io"
	"iter"
	"sync"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

var closeCases = []scenario{
	{name: "Close/EndsEveryUse", run: closeEnds},
	{name: "Close/BesideOpenReads", run: closeBesideReads},
	{name: "Close/BesideAppends", run: closeBesideAppends},
}

func (t *trial) close(s eventstore.Store) {
	t.Helper()
	c, ok := eventstore.As[io.Closer](s)
	if !ok {
		t.Fatal("the store is no io.Closer")
	}
	if err := c.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
}

func closeEnds(t *trial) {
	s := t.open()
	a := to(one, eventstore.NoStream, "a")
	t.append(s, a)
	for range 2 {
		t.close(s)
		_, err := s.Append(t.Context(), to(one, eventstore.Any, "b"))
		requireEnded(t, "append", err)
		_, err = s.Append(t.Context(), a)
		requireEnded(t, "the same append again", err)
		_, err = eventstore.Collect(s.Read(t.Context(), one, eventstore.ReadQuery{}))
		requireEnded(t, "read", err)
		_, err = s.Lookup(t.Context(), a.Events[0].ID)
		requireEnded(t, "look-up", err)
		_, err = s.List(t.Context(), eventstore.ListQuery{Category: "test"})
		requireEnded(t, "list", err)
		_, err = s.Page(t.Context(), eventstore.FeedQuery{})
		requireEnded(t, "page", err)
		_, err = s.Head(t.Context())
		requireEnded(t, "head", err)
	}
}

func requireEnded(t *trial, what string, err error) {
	t.Helper()
	if !errors.Is(err, eventstore.ErrStoreClosed) {
		t.Errorf("%s after close: %v", what, err)
	}
}

// closeBesideReads: a read that is open must not keep Close waiting. It ends whole, or with an error.
func closeBesideReads(t *trial) {
	s := t.open()
	t.append(s, many(one, eventstore.NoStream, longRead))
	next, stop := iter.Pull2(s.Read(t.Context(), one, eventstore.ReadQuery{}))
	defer stop()
	if _, err, ok := next(); err != nil || !ok {
		t.Fatal(err)
	}
	t.close(s)
	n, last := 1, error(nil)
	for _, err, ok := next(); ok; _, err, ok = next() {
		if last = err; err == nil {
			n++
		}
	}
	if last == nil && n != longRead || last != nil && !errors.Is(last, eventstore.ErrStoreClosed) {
		t.Errorf("a read over a close gave %d of %d and ended with %v", n, longRead, last)
	}
}

// closeBesideAppends: whoever appends is told the truth, also at the end.
func closeBesideAppends(t *trial) {
	s := t.open()
	var mu sync.Mutex
	acked, refused := []event.ID{}, []event.ID{}
	started := make(chan struct{})
	var once sync.Once
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := 0; ; i++ {
				a := to(numbered(w), eventstore.Any, "a")
				_, err := s.Append(t.Context(), a)
				mu.Lock()
				if err == nil {
					acked = append(acked, a.Events[0].ID)
				} else {
					refused = append(refused, a.Events[0].ID)
				}
				mu.Unlock()
				if i == 2 {
					once.Do(func() { close(started) })
				}
				if err != nil {
					requireEnded(t, "append", err)
					once.Do(func() { close(started) })
					return
				}
			}
		})
	}
	<-started
	t.close(s)
	wg.Wait()
	if t.features.Reopen == nil {
		return
	}
	s = t.features.Reopen(t.TB, s)
	stored := make(map[event.ID]bool)
	for _, rec := range t.readAll(s) {
		stored[rec.ID] = true
	}
	for _, id := range acked {
		if !stored[id] {
			t.Errorf("an acknowledged event is gone")
		}
	}
	for _, id := range refused {
		if stored[id] {
			t.Errorf("a refused event is stored")
		}
	}
}

var reopenCases = []scenario{
	{name: "Reopen/EverythingIsThere", run: reopenAll},
	{name: "Reopen/GoesOnWhereItWas", run: reopenGoesOn},
	{name: "Reopen/SentAgain", run: reopenReplay},
	{name: "Reopen/Model", run: func(t *trial) { runMachine(t, true) }},
}

func reopenAll(t *trial) {
	s := t.open()
	t.populate(s)
	t.append(s, closing(to(one, eventstore.Any, "last")), closing(to(two, eventstore.Any)))
	before := t.contents(s)
	for i := range 3 {
		s = t.features.Reopen(t.TB, s)
		if after := t.contents(s); after != before {
			t.Fatalf("reopened %d times it holds\n%s, not\n%s", i+1, after, before)
		}
	}
}

func reopenGoesOn(t *trial) {
	s := t.open()
	t.append(s, many(one, eventstore.NoStream, 5))
	all, next := t.readFeed(t.Context(), s, eventstore.FeedQuery{})
	head := all[4].Position
	s = t.features.Reopen(t.TB, s)
	_, err := s.Append(t.Context(), to(one, eventstore.Exactly(4), "x"))
	if conflict, ok := errors.AsType[*eventstore.ConflictError](err); !ok || conflict.Actual != 5 {
		t.Errorf("at version 5: %v", err)
	}
	if res := t.append(s, to(one, eventstore.Exactly(5), "x"))[0]; res.Version != 6 || !before(t, head, res.First) {
		t.Errorf("the next event is at %+v, the last was at %v", res, head)
	}
	if recs, _ := t.readFeed(t.Context(), s, eventstore.FeedQuery{After: next}); len(recs) != 1 || recs[0].Version != 6 {
		t.Errorf("what follows the cursor from before is %s", brief(recs))
	}
}

func reopenReplay(t *trial) {
	s := t.open()
	appends := []eventstore.Append{to(one, eventstore.NoStream, "a", "b"), closing(to(two, eventstore.NoStream, "c"))}
	first := t.append(s, appends...)
	s = t.features.Reopen(t.TB, s)
	sentAgain(t, s, "after the store was opened again", first, appends...)
	requireClosed(t, s, two, 1)
}
