package bunstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/subscription"
)

// NewSubscription returns a subscription that gives events to p, and moves the checkpoint
// name, in one transaction of db: effectively once. The handlers' context carries the metadata
// of [event.WithCause].
//
// A transaction commits only if the checkpoint is where this subscription left it. Of several
// processes that run it on one database each event is applied by one; the others go on from
// there, after an error that matches [ErrMoved].
func NewSubscription(name string, p TxProjection, db Database) subscription.Subscription {
	return subscription.Subscription{Name: name, Sink: &sink{TxProjection: p, name: name, db: db}}
}

// ErrMoved reports a checkpoint that somebody else moved.
var ErrMoved = errors.New("checkpoint was moved by another process")

type sink struct {
	TxProjection
	name string
	db   Database
	at   event.Cursor // where this subscription left the checkpoint
}

func (s *sink) Resume(ctx context.Context) (event.Cursor, error) {
	cur, err := loadCursor(ctx, s.db.DB(), table(s.db, "checkpoints"), s.name)
	if err == nil {
		s.at = cur
	}
	return cur, err
}

func (s *sink) Take(ctx context.Context, recs []event.Record, next event.Cursor) error {
	afresh := subscription.Afresh(ctx)
	failed, err := s.apply(ctx, recs, next)
	if err == nil || failed <= 0 {
		return err
	}
	// The transaction is gone, with the events before the one that failed. They are not to
	// wait for it.
	again, cancel := afresh()
	defer cancel()
	last := event.Cursor{Position: recs[failed-1].Position, Event: recs[failed-1].ID}
	_, againErr := s.apply(again, recs[:failed], last)
	return errors.Join(err, againErr)
}

// apply returns the index of the first event that was not handled, or -1 if all were.
func (s *sink) apply(ctx context.Context, recs []event.Record, next event.Cursor) (failed int, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context, tx bun.Tx, _ eventstore.Streams) error {
		failed = -1 // a store may run this again
		switch kept, err := lockCursor(ctx, tx, table(s.db, "checkpoints"), s.name); {
		case err != nil:
			return err
		case kept != s.at: // moveCursor would find out, too late for what handlers do elsewhere
			return fmt.Errorf("%w: %q", ErrMoved, s.name)
		}
		for i, rec := range recs {
			if err := s.handle(ctx, tx, rec); err != nil {
				failed = i
				return fmt.Errorf("%s version %d, %s: %w", rec.Stream, rec.Version, rec.Type, err)
			}
		}
		return moveCursor(ctx, tx, table(s.db, "checkpoints"), s.name, s.at, next)
	})
	if err == nil {
		s.at = next
	}
	return failed, err
}

func (s *sink) handle(ctx context.Context, tx bun.Tx, rec event.Record) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return subscription.Protect(s.name, func() error {
		return s.Handle(event.WithCause(ctx, rec.Header), tx, rec)
	})
}
