package subscription

import (
	"context"
	"errors"
	"fmt"
	"time"

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
	//
	// The deadline of ctx is [Config.SinkTimeout] away. A sink that had to stop then returns an
	// error and is given fewer events the next time; to keep what it did so far it may take as
	// long again, with [Afresh].
	Take(ctx context.Context, recs []event.Record, next event.Cursor) error
}

// New returns a subscription that gives each event to p, then saves the checkpoint: at least
// once. The handler's context carries the metadata of [event.WithCause]. Events handled before
// one whose handler fails, panics or runs out of time are not handled again.
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
	afresh := Afresh(ctx)
	save := func(cur event.Cursor) error {
		ctx, cancel := afresh()
		defer cancel()
		return h.checkpoints.Save(ctx, h.name, cur)
	}
	for i, rec := range recs {
		if err := h.handle(ctx, rec); err != nil {
			err = fmt.Errorf("%s version %d, %s: %w", rec.Stream, rec.Version, rec.Type, err)
			if i > 0 { // what was handled is not handled again
				err = errors.Join(err, save(cursorAt(recs[i-1])))
			}
			return err
		}
	}
	return save(next)
}

func (h *handling) handle(ctx context.Context, rec event.Record) error {
	if err := ctx.Err(); err != nil { // a handler that doesn't look would fail for no reason of its own
		return err
	}
	return Protect(h.name, func() error { return h.Handle(event.WithCause(ctx, rec.Header), rec) })
}

func cursorAt(rec event.Record) event.Cursor {
	return event.Cursor{Position: rec.Position, Event: rec.ID}
}

// Afresh is for sinks: it returns a function whose contexts carry what ctx does, but don't end
// with it: they last as long from when they are made as ctx had left when Afresh was called,
// without end if it had no deadline.
func Afresh(ctx context.Context) func() (context.Context, context.CancelFunc) {
	deadline, bounded := ctx.Deadline()
	left := time.Until(deadline)
	return func() (context.Context, context.CancelFunc) {
		if !bounded {
			return context.WithCancel(context.WithoutCancel(ctx))
		}
		return context.WithTimeout(context.WithoutCancel(ctx), left)
	}
}
