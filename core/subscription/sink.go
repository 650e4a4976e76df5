package subscription

import (
	"context"
	"errors"
	"fmt"

	"github.com/eventsource-go/eventsource/core/checkpoint"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/projection"
)

// A Subscription is a name, under which progress is kept, and the sink that takes the events.
type Subscription struct {
	Name string
	Sink Sink
}

// A Sink applies events and remembers how far it got. It is used by one goroutine at a time.
// A sink that panics is taken to have failed.
type Sink interface {
	// Types returns the wire names of the events it wants. There is at least one.
	Types() []string

	// Resume returns how far it got.
	Resume(ctx context.Context) (event.Cursor, error)

	// Take applies recs in order and advances to next. recs is empty if nothing up to next was
	// wanted. After an error the subscription goes on from what Resume then says. Records are
	// shared with other sinks: leave them as they are.
	Take(ctx context.Context, recs []event.Record, next event.Cursor) error
}

// New returns a subscription that gives each event to p, then saves the checkpoint: at least
// once. The handler's context carries the metadata of [event.WithCause].
func New(name string, p projection.Projection, checkpoints checkpoint.Store) Subscription {
	return Subscription{Name: name, Sink: &handling{p, name, checkpoints}}
}

type handling struct {
	projection.Projection
	name        string
	checkpoints checkpoint.Store
}

func (h *handling) Resume(ctx context.Context) (event.Cursor, error) {
	return h.checkpoints.Load(ctx, h.name)
}

func (h *handling) Take(ctx context.Context, recs []event.Record, next event.Cursor) error {
	for i, rec := range recs {
		if err := h.Handle(event.WithCause(ctx, rec.Header), rec); err != nil {
			err = fmt.Errorf("%s version %d, %s: %w", rec.Stream, rec.Version, rec.Type, err)
			if i > 0 { // what was handled is not handled again
				last := event.Cursor{Position: recs[i-1].Position, Event: recs[i-1].ID}
				err = errors.Join(err, h.checkpoints.Save(ctx, h.name, last))
			}
			return err
		}
	}
	return h.checkpoints.Save(ctx, h.name, next)
}
