// Package aggregatetest states what an aggregate does as Given, When, Then: what happened, what
// is asked for, what happens then. [For] is for the commands of one aggregate, [Several] for
// work on more than one.
package aggregatetest

import (
	"errors"
	"reflect"
	"testing"

	"github.com/eventsource-go/eventsource/core/aggregate"
	"github.com/eventsource-go/eventsource/core/event"
)

// Scenario is one Given, When, Then.
type Scenario[S, E any] struct {
	tb      testing.TB
	typ     aggregate.Type[S, E]
	history []E
	events  []E
	err     error
	pending
}

// For starts a scenario on an aggregate that does not exist yet. A scenario that has a When and
// then requires nothing fails when the test ends.
func For[S, E any](tb testing.TB, typ aggregate.Type[S, E]) *Scenario[S, E] {
	s := &Scenario[S, E]{tb: tb, typ: typ}
	s.mustRequire(tb)
	return s
}

// Given adds what already happened.
func (s *Scenario[S, E]) Given(history ...E) *Scenario[S, E] {
	s.tb.Helper()
	for _, e := range history {
		s.history = append(s.history, roundTrip(s.tb, s.typ, e))
	}
	return s
}

// When executes commands in order, up to the first that is refused. It fails the test if a
// Decide changes the state it is given.
func (s *Scenario[S, E]) When(cmds ...aggregate.Command[S, E]) *Scenario[S, E] {
	s.tb.Helper()
	s.when()
	for _, cmd := range cmds {
		state := s.replay()
		events, err := cmd.Decide(state)
		if !reflect.DeepEqual(state, s.replay()) {
			s.tb.Fatalf("%T.Decide changed the state", cmd)
		}
		if err != nil {
			s.events, s.err = nil, err
			return s
		}
		for _, e := range events {
			s.events = append(s.events, roundTrip(s.tb, s.typ, e))
		}
	}
	return s
}

// Then requires exactly these events; none at all means that nothing happens.
func (s *Scenario[S, E]) Then(want ...E) *Scenario[S, E] {
	s.tb.Helper()
	s.then()
	if s.err != nil {
		s.tb.Fatalf("refused: %v", s.err)
	}
	requireEvents(s.tb, s.events, want)
	return s
}

// ThenState requires what the events add up to.
func (s *Scenario[S, E]) ThenState(want S) *Scenario[S, E] {
	s.tb.Helper()
	s.then()
	if s.err != nil {
		s.tb.Fatalf("refused: %v", s.err)
	}
	if got := s.replay(); !reflect.DeepEqual(got, want) {
		s.tb.Fatalf("state differs (-want +got):\n%s", diff(renderState(want), renderState(got)))
	}
	return s
}

// ThenRefused requires that a command was refused for this reason.
func (s *Scenario[S, E]) ThenRefused(reason error) {
	s.tb.Helper()
	s.then()
	switch {
	case s.err == nil:
		s.tb.Fatalf("not refused, want %q; what happened:\n%s", reason, diff(nil, renderEvents(s.events)))
	case !errors.Is(s.err, reason):
		s.tb.Fatalf("refused with %q, want %q", s.err, reason)
	}
}

// replay folds anew, because a copy of a state shares its maps.
func (s *Scenario[S, E]) replay() (state S) {
	for _, events := range [][]E{s.history, s.events} {
		for _, e := range events {
			s.typ.Apply(&state, roundTrip(s.tb, s.typ, e))
		}
	}
	return state
}

func requireEvents[E any](tb testing.TB, got, want []E) {
	tb.Helper()
	if len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
		tb.Fatalf("events differ (-want +got):\n%s", diff(renderEvents(want), renderEvents(got)))
	}
}

// roundTrip sends every event of a scenario over the wire and back, so that an
// unregistered type or a field that JSON drops fails here and not in production.
func roundTrip[S, E any](tb testing.TB, typ aggregate.Type[S, E], e E) E {
	tb.Helper()
	draft, err := typ.Events.Encode(tb.Context(), event.Header{}, e)
	if err != nil {
		tb.Fatal(explained(err))
	}
	h := event.Header{Type: draft.Type, Schema: draft.Schema}
	decoded, ok, err := typ.Events.DecodeData(tb.Context(), h, draft.Data)
	if err != nil {
		tb.Fatal(explained(err))
	}
	if !ok {
		tb.Fatalf("%T is dropped when it is read", e)
	}
	return decoded
}

// explained adds the cause, which production leaves out of the text because it may quote a payload.
func explained(err error) error {
	if ce, ok := errors.AsType[*event.CodecError](err); ok {
		return errors.Join(err, ce.Err)
	}
	return err
}
