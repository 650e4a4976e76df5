package bunstore

import (
	"context"
	"maps"
	"slices"

	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/core/event"
)

// A TxProjection takes the events of one or more registries and writes its read model through
// the transaction that it is handed. It is given the events one at a time, in feed order.
type TxProjection struct {
	handlers map[string][]txHandler // by wire name
}

type txHandler func(context.Context, bun.Tx, event.Record) error

// Project returns a TxProjection that decodes events with reg and passes them to fn, those that
// an upcaster drops excepted. The registry is the filter: fn is given what is registered there.
// A subscription passes over other types for good, also over one that a later version of the
// program registers: deploy who reads a new type before who writes it.
//
// fn writes through tx and nothing else. It may run again for the same event if the
// transaction fails, so what it does elsewhere may be done twice.
func Project[E any](reg *event.Registry[E], fn func(ctx context.Context, tx bun.Tx, env event.Envelope[E]) error) TxProjection {
	handle := func(ctx context.Context, tx bun.Tx, rec event.Record) error {
		env, ok, err := reg.Decode(ctx, rec)
		if err != nil || !ok {
			return err
		}
		return fn(ctx, tx, env)
	}
	p := TxProjection{handlers: make(map[string][]txHandler)}
	for _, name := range reg.Names() {
		p.handlers[name] = []txHandler{handle}
	}
	return p
}

// JoinTx returns a TxProjection of everything that ps take, in one order. An event that several
// of them take is given to each, in the order of ps.
func JoinTx(ps ...TxProjection) TxProjection {
	joined := TxProjection{handlers: make(map[string][]txHandler)}
	for _, p := range ps {
		for name, handlers := range p.handlers {
			joined.handlers[name] = append(joined.handlers[name], handlers...)
		}
	}
	return joined
}

// Types returns the wire names of the events that p takes, sorted.
func (p TxProjection) Types() []string { return slices.Sorted(maps.Keys(p.handlers)) }

// Handle gives rec to p, and does nothing if p doesn't take its type.
func (p TxProjection) Handle(ctx context.Context, tx bun.Tx, rec event.Record) error {
	for _, handle := range p.handlers[rec.Type] {
		if err := handle(ctx, tx, rec); err != nil {
			return err
		}
	}
	return nil
}
