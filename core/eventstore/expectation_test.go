package eventstore_test

import (
	"errors"
	"testing"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

var account = event.StreamID{Category: "account", ID: "42"}

func TestExpectation(t *testing.T) {
	for _, c := range []struct {
		e       eventstore.Expectation
		text    string
		accepts map[event.Version]bool
	}{
		{eventstore.NoStream, "no stream", map[event.Version]bool{0: true, 1: false, 7: false}},
		{eventstore.Expectation{}, "no stream", map[event.Version]bool{0: true, 1: false}},
		{eventstore.Exactly(7), "version 7", map[event.Version]bool{0: false, 6: false, 7: true, 8: false}},
		{eventstore.StreamExists, "a stream", map[event.Version]bool{0: false, 1: true, 7: true}},
		{eventstore.Any, "anything", map[event.Version]bool{0: true, 1: true, 7: true}},
	} {
		if c.e.String() != c.text {
			t.Errorf("%q, want %q", c.e, c.text)
		}
		for v, ok := range c.accepts {
			err := c.e.Check(account, v)
			conflict, _ := errors.AsType[*eventstore.ConflictError](err)
			if ok != (err == nil) || !ok && (conflict == nil || *conflict != eventstore.ConflictError{Stream: account, Expected: c.e, Actual: v}) {
				t.Errorf("%v at version %d: %v", c.e, v, err)
			}
		}
	}
	if eventstore.Exactly(0) != eventstore.NoStream || eventstore.Exactly(1) == eventstore.Exactly(2) {
		t.Error("expectations are not comparable")
	}
	if v, ok := eventstore.Exactly(3).Version(); v != 3 || !ok {
		t.Errorf("%d, %v", v, ok)
	}
	for _, e := range []eventstore.Expectation{eventstore.Any, eventstore.StreamExists} {
		if _, ok := e.Version(); ok {
			t.Errorf("%v accepts one version alone", e)
		}
	}
}
