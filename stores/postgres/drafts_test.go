package postgres_test

import (
	"testing"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

func stream(id string) event.StreamID { return event.StreamID{Category: "test", ID: id} }

var one, two = stream("1"), stream("2")

func to(stream event.StreamID, expect eventstore.Expectation, types ...string) eventstore.Append {
	a := eventstore.Append{Stream: stream, Expect: expect}
	for _, name := range types {
		a.Events = append(a.Events, event.Draft{ID: event.NewID(), Type: name, Schema: 1, Data: []byte("{}")})
	}
	return a
}

func mustAppend(t testing.TB, s eventstore.Streams, appends ...eventstore.Append) []eventstore.AppendResult {
	t.Helper()
	results, err := s.Append(t.Context(), appends...)
	if err != nil {
		t.Fatal(err)
	}
	return results
}
