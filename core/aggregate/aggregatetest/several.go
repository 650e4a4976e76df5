package aggregatetest

import (
	"context"
	"errors"
	"testing"

	"github.com/eventsource-go/eventsource/core/aggregate"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/memstore"
)

// Scene is a scenario on several aggregates, of one type or of many, over a store in memory.
type Scene struct {
	tb    testing.TB
	store *memstore.Store
	err   error
	pending
}

// Several starts a scenario on aggregates that do not exist yet. [With] adds them. Like [For] it
// fails if nothing is required of what was done.
func Several(tb testing.TB) *Scene {
	s := &Scene{tb: tb, store: memstore.New()}
	s.mustRequire(tb)
	return s
}

// Member is one aggregate of a [Scene].
type Member[S, E any] struct {
	scene  *Scene
	typ    aggregate.Type[S, E]
	stream event.StreamID
	given  event.Version
}

// With adds the aggregate of typ that has this id.
func With[S, E any](s *Scene, typ aggregate.Type[S, E], id string) *Member[S, E] {
	return &Member[S, E]{scene: s, typ: typ, stream: event.StreamID{Category: typ.Name, ID: id}}
}

// Given adds what already happened to the aggregate.
func (m *Member[S, E]) Given(history ...E) *Member[S, E] {
	m.scene.tb.Helper()
	if len(history) == 0 {
		return m
	}
	a := eventstore.Append{Stream: m.stream, Expect: eventstore.Exactly(m.given)}
	for _, e := range history {
		draft, err := m.typ.Events.Encode(m.scene.tb.Context(), event.Header{ID: event.NewID()}, roundTrip(m.scene.tb, m.typ, e))
		if err != nil {
			m.scene.tb.Fatal(explained(err))
		}
		a.Events = append(a.Events, draft)
	}
	results, err := m.scene.store.Append(m.scene.tb.Context(), a)
	if err != nil {
		m.scene.tb.Fatal(err)
	}
	m.given = results[0].Version
	return m
}

// When lets fn do its work on the store. Its error is for [Scene.ThenRefused].
func (s *Scene) When(fn func(ctx context.Context, store eventstore.Streams) error) *Scene {
	s.tb.Helper()
	s.when()
	s.err = fn(s.tb.Context(), s.store)
	return s
}

// Then requires that exactly these events happened to the aggregate; none at all means nothing.
func (m *Member[S, E]) Then(want ...E) {
	m.scene.tb.Helper()
	if m.scene.requireRun(); m.scene.err != nil {
		m.scene.tb.Fatalf("refused: %v", m.scene.err)
	}
	m.requireEvents(want)
}

// ThenRefused requires that the work ended with this reason. That nothing happened to an
// aggregate is for [Member.ThenUnchanged] to require.
func (s *Scene) ThenRefused(reason error) {
	s.tb.Helper()
	if s.requireRun(); !errors.Is(s.err, reason) {
		s.tb.Fatalf("ended with %v, want %q", s.err, reason)
	}
}

// ThenUnchanged requires that nothing happened to the aggregate, whether or not the work was refused.
func (m *Member[S, E]) ThenUnchanged() {
	m.scene.tb.Helper()
	m.scene.requireRun()
	m.requireEvents(nil)
}

func (s *Scene) requireRun() {
	s.tb.Helper()
	if !s.ran {
		s.tb.Fatal("Then without When")
	}
	s.then()
}

func (m *Member[S, E]) requireEvents(want []E) {
	m.scene.tb.Helper()
	history := aggregate.NewRepository(m.scene.store, m.typ, aggregate.Config{}).
		History(m.scene.tb.Context(), m.stream.ID, eventstore.ReadQuery{After: m.given})
	var got []E
	for env, err := range history {
		if err != nil {
			m.scene.tb.Fatal(err)
		}
		got = append(got, env.Event)
	}
	requireEvents(m.scene.tb, got, want)
}
