// Package aggregatetest states what an aggregate does as Given, When, Then.
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
}

// For starts a scenario on an aggregate that does not exist yet.
func For[S, E any](tb testing.TB, typ aggregate.Type[S, E]) *Scenario[S, E] {
	return &Scenario[S, E]{tb: tb, typ: typ}
}

// Given adds what already happened.
func (s *Scenario[S, E]) Given(history ...E) *Scenario[S, E] {
	s.tb.Helper()
	for _, e := range history {
		s.history = append(s.history, s.roundTrip(e))
	}
	return s
}

// When executes commands in order, and fails the test if a Decide changes the state it is given.
func (s *Scenario[S, E]) When(cmds ...aggregate.Command[S, E]) *Scenario[S, E] {
	s.tb.Helper()
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
			s.events = append(s.events, s.roundTrip(e))
		}
	}
	return s
}

// replay folds anew, because a copy of a state shares its maps.
func (s *Scenario[S, E]) replay() (state S) {
	for _, events := range [][]E{s.history, s.events} {
		for _, e := range events {
			s.typ.Apply(&state, s.roundTrip(e))
		}
	}
	return state
}

// Then requires exactly these events.
func (s *Scenario[S, E]) Then(want ...E) {
	s.tb.Helper()
	if s.err != nil {
		s.tb.Fatalf("refused: %v", s.err)
	}
	if len(s.events)+len(want) > 0 && !reflect.DeepEqual(s.events, want) {
		s.tb.Fatalf("events\n got %#v\nwant %#v", s.events, want)
	}
}

// ThenRefused requires that a command was refused for this reason.
func (s *Scenario[S, E]) ThenRefused(reason error) {
	s.tb.Helper()
	if !errors.Is(s.err, reason) {
		s.tb.Fatalf("refused with %v, want %v", s.err, reason)
	}
}

// roundTrip sends every event of a scenario over the wire and back, so that an
// unregistered type or a field that JSON drops fails here and not in production.
func (s *Scenario[S, E]) roundTrip(e E) E {
	s.tb.Helper()
	ctx := s.tb.Context()
	draft, err := s.typ.Events.Encode(ctx, event.Header{}, e)
	if err != nil {
		s.tb.Fatal(err)
	}
	env, _, err := s.typ.Events.Decode(ctx, event.Record{Header: event.Header{Type: draft.Type, Schema: draft.Schema}, Data: draft.Data})
	if err != nil {
		s.tb.Fatal(errors.Join(err, errors.Unwrap(err)))
	}
	return env.Event
}
