package sqlite_test

import (
	"fmt"
	"testing"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

var one = event.StreamID{Category: "test", ID: "1"}

// to returns an append of events of these types, with new ids.
func to(stream event.StreamID, expect eventstore.Expectation, types ...string) eventstore.Append {
	a := eventstore.Append{Stream: stream, Expect: expect}
	for _, name := range types {
		a.Events = append(a.Events, event.Draft{ID: event.NewID(), Type: name, Schema: 1, Data: []byte(`{}`)})
	}
	return a
}

func mustAppend(tb testing.TB, s eventstore.Streams, appends ...eventstore.Append) []eventstore.AppendResult {
	tb.Helper()
	results, err := s.Append(tb.Context(), appends...)
	if err != nil {
		tb.Fatal(err)
	}
	return results
}

// types returns the types of the stream's events, "[a b]".
func types(tb testing.TB, s eventstore.Streams, stream event.StreamID) string {
	tb.Helper()
	recs, err := eventstore.Collect(s.Read(tb.Context(), stream, eventstore.ReadQuery{}))
	if err != nil {
		tb.Fatal(err)
	}
	names := make([]string, len(recs))
	for i, rec := range recs {
		names[i] = rec.Type
	}
	return fmt.Sprint(names)
}
