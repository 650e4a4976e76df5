// Package projection turns events into read models.
package projection

import (
	"context"
	"maps"
	"slices"

	"github.com/eventsource-go/eventsource/core/event"
)

// A Projection takes the events of one or more registries. It is given them one at a time,
// in feed order, at least once.
type Projection struct {
	handlers map[string][]func(context.Context, event.Record) error // by wire name
}

// Of returns a Projection that decodes events with reg and passes them to fn, those that an
// upcaster drops excepted. The registry is the filter: fn is given what is registered there.
// A subscription passes over other types for good, also over one that a later version of the
// program registers: deploy who reads a new type before who writes it.
func Of[E any](reg *event.Registry[E], fn func(context.Context, event.Envelope[E]) error) Projection {
	p := Projection{handlers: make(map[string][]func(context.Context, event.Record) error)}
	handle := func(ctx context.Context, rec event.Record) error {
		env, ok, err := reg.Decode(ctx, rec)
		if err != nil || !ok {
			return err
		}
		return fn(ctx, env)
	}
	for _, name := range reg.Names() {
		p.handlers[name] = append(p.handlers[name], handle)
	}
	return p
}

// Join returns a Projection of everything that ps take, in one order. An event that several
// of them take is given to each, in the order of ps.
func Join(ps ...Projection) Projection {
	joined := Projection{handlers: make(map[string][]func(context.Context, event.Record) error)}
	for _, p := range ps {
		for name, handlers := range p.handlers {
			joined.handlers[name] = append(joined.handlers[name], handlers...)
		}
	}
	return joined
}

// Types returns the wire names of the events that p takes, sorted.
func (p Projection) Types() []string { return slices.Sorted(maps.Keys(p.handlers)) }

// Handle gives rec to p, and does nothing if p doesn't take its type.
func (p Projection) Handle(ctx context.Context, rec event.Record) error {
	for _, handle := range p.handlers[rec.Type] {
		if err := handle(ctx, rec); err != nil {
			return err
		}
	}
	return nil
}
