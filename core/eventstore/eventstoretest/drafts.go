package eventstoretest

import (
	"context"
	"fmt"
	"iter"
	"sync"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

var one, two = event.StreamID{Category: "test", ID: "1"}, event.StreamID{Category: "test", ID: "2"}

// expectations are all there are, by how a failure names them.
var expectations = []eventstore.Expectation{eventstore.NoStream, eventstore.Exactly(1), eventstore.StreamExists, eventstore.Any}

// numbered returns a stream of category test.
func numbered(n int) event.StreamID { return event.StreamID{Category: "test", ID: fmt.Sprint(n)} }

func draft(name string) event.Draft {
	return event.Draft{ID: event.NewID(), Type: name, Schema: 1, Data: []byte(`{"n": 1}`)}
}

// to returns an append of events of the given types.
func to(stream event.StreamID, expect eventstore.Expectation, types ...string) eventstore.Append {
	a := eventstore.Append{Stream: stream, Expect: expect}
	for _, name := range types {
		a.Events = append(a.Events, draft(name))
	}
	return a
}

// many returns an append of n events.
func many(stream event.StreamID, expect eventstore.Expectation, n int) eventstore.Append {
	a := eventstore.Append{Stream: stream, Expect: expect, Events: make([]event.Draft, n)}
	for i := range a.Events {
		a.Events[i] = draft("a")
	}
	return a
}

// closing returns a, closing its stream.
func closing(a eventstore.Append) eventstore.Append {
	a.Close = true
	return a
}

func (t *trial) append(s eventstore.Streams, appends ...eventstore.Append) []eventstore.AppendResult {
	t.Helper()
	return t.appendIn(t.Context(), s, appends...)
}

func (t *trial) appendIn(ctx context.Context, s eventstore.Streams, appends ...eventstore.Append) []eventstore.AppendResult {
	t.Helper()
	results, err := s.Append(ctx, appends...)
	if err != nil {
		t.Fatalf("append: %v", err)
	}
	if len(results) != len(appends) {
		t.Fatalf("%d results for %d appends", len(results), len(appends))
	}
	return results
}

// read returns what is in stream as far as q selects it.
func (t *trial) read(s eventstore.Streams, stream event.StreamID, q eventstore.ReadQuery) []event.Record {
	t.Helper()
	return t.collect(s.Read(t.Context(), stream, q))
}

func (t *trial) collect(seq iter.Seq2[event.Record, error]) []event.Record {
	t.Helper()
	recs, err := eventstore.Collect(seq)
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	return recs
}

// readTypes returns the types of what read returns.
func (t *trial) readTypes(s eventstore.Streams, stream event.StreamID, q eventstore.ReadQuery) []string {
	t.Helper()
	var names []string
	for _, rec := range t.read(s, stream, q) {
		names = append(names, rec.Type)
	}
	return names
}

// readAll returns the feed up to its head, of all tenants.
func (t *trial) readAll(s eventstore.Feed) []event.Record {
	t.Helper()
	recs, _ := t.readFeed(t.Context(), s, eventstore.FeedQuery{})
	return recs
}

// together runs fn n times at once and returns when all are done.
func together(n int, fn func(i int)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() { <-start; fn(i) })
	}
	close(start)
	wg.Wait()
}
