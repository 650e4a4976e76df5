package eventstoretest

import (
	"context"
	"sync"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

var notifyCases = []scenario{
	{name: "Notify/AfterAnAppend", run: notifyAfter},
	{name: "Notify/NotBefore", run: notifyNotBefore},
	{name: "Notify/EveryWaiter", run: notifyAll},
	{name: "Notify/NoneIsEarly", run: notifyInTurn},
	{name: "Notify/WhoAsksFirstMissesNothing", run: func(t *trial) {
		s := t.open()
		notifyRaced(t, s, s)
	}},
}

func (t *trial) notifier(s eventstore.Store) eventstore.Notifier {
	t.Helper()
	n, ok := eventstore.As[eventstore.Notifier](s)
	if !ok {
		t.Fatal("the store is no Notifier")
	}
	return n
}

func closed(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return true
	default:
		return false
	}
}

// awaited reports whether ch gives something, or is closed, before ctx is done.
func awaited(ctx context.Context, ch <-chan struct{}) bool {
	select {
	case <-ch:
		return true
	case <-ctx.Done():
		return false
	}
}

func notifyAfter(t *trial) {
	s := t.open()
	n, ctx := t.notifier(s), t.patient()
	for i := range 20 {
		ch := n.Appended()
		a := to(numbered(i%2), eventstore.Any, "a")
		t.append(s, a)
		if !awaited(ctx, ch) {
			t.Fatalf("append %d woke nobody", i)
		}
		recs := t.readAll(s)
		if len(recs) != i+1 || recs[i].ID != a.Events[0].ID {
			t.Fatalf("woken by append %d, the feed shows %s", i, brief(recs))
		}
	}
}

func notifyNotBefore(t *trial) {
	s := t.open()
	n := t.notifier(s)
	if closed(n.Appended()) {
		t.Error("an empty store says that something was appended")
	}
	before := n.Appended()
	t.append(s, to(one, eventstore.NoStream, "a"))
	if !awaited(t.patient(), before) {
		t.Fatal("an append woke nobody")
	}
	ch := n.Appended()
	for range 100 {
		t.read(s, one, eventstore.ReadQuery{})
		t.readAll(s)
	}
	if closed(ch) {
		t.Error("reading counts as an append")
	}
	t.append(s, to(one, eventstore.Any, "b"))
	if !awaited(t.patient(), ch) {
		t.Error("the next append woke nobody")
	}
}

func notifyAll(t *trial) {
	s := t.open()
	n, ctx := t.notifier(s), t.patient()
	waiting := make([]<-chan struct{}, 32)
	for i := range waiting {
		waiting[i] = n.Appended()
	}
	t.append(s, to(one, eventstore.NoStream, "a"))
	for i, ch := range waiting {
		if !awaited(ctx, ch) {
			t.Fatalf("waiter %d of %d was not woken", i+1, len(waiting))
		}
	}
}

// notifyInTurn appends when the event before was seen: a wake-up that comes before there is
// something to see is not made good by a later one.
func notifyInTurn(t *trial) {
	s := t.open()
	n, ctx := t.notifier(s), t.patient()
	const rounds = 100
	seen := make(chan struct{}, rounds)
	var wg sync.WaitGroup
	wg.Go(func() {
		var q eventstore.FeedQuery
		for got := 0; got < rounds; {
			ch := n.Appended()
			page, err := s.Page(ctx, q)
			if err != nil {
				t.Errorf("page: %v", err)
				return
			}
			for range page.Records {
				seen <- struct{}{}
			}
			got, q.After = got+len(page.Records), page.Next
			if len(page.Records) == 0 && !awaited(ctx, ch) {
				return
			}
		}
	})
	for i := range rounds {
		if _, err := s.Append(ctx, to(one, eventstore.Any, "a")); err != nil {
			t.Errorf("append: %v", err)
		}
		if !awaited(ctx, seen) {
			t.Errorf("event %d was appended, and who waited for it was woken too early or not at all", i+1)
			break
		}
	}
	wg.Wait()
}

// notifyRaced has readers that never poll: they ask for the channel, look, and wait. If one
// wake-up got lost they would wait for ever.
func notifyRaced(t *trial, w, r eventstore.Store) {
	t.Helper()
	n, ctx := t.notifier(r), t.patient()
	const writers, each = 4, 50
	read := func() {
		var q eventstore.FeedQuery
		for got := 0; got < writers*each; {
			ch := n.Appended()
			page, err := r.Page(ctx, q)
			if err != nil {
				t.Errorf("page: %v", err)
				return
			}
			got, q.After = got+len(page.Records), page.Next
			if page.AtHead && got < writers*each && !awaited(ctx, ch) {
				t.Errorf("after %d of %d events nobody was woken", got, writers*each)
				return
			}
		}
	}
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(read)
	}
	together(writers, func(i int) {
		for range each {
			if _, err := w.Append(ctx, to(event.StreamID{Category: "test", ID: string(rune('a' + i))}, eventstore.Any, "a")); err != nil {
				t.Error(err)
			}
		}
	})
	wg.Wait()
}
