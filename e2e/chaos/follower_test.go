package chaos_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/e2e/chaos/history"
	"github.com/eventsource-go/eventsource/stores/postgres"
)

// follower follows the feed, and writes down what it is shown.
type follower struct {
	name     string
	query    eventstore.FeedQuery
	restarts int // after so many pages it goes on in a new store; 0 is never

	// open returns a store, and what closes it.
	open func(ctx context.Context) (database, func() error, error)

	seen []history.Sight
}

// follow goes on until end is true of the last event that there is for it.
func (f *follower) follow(ctx context.Context, end func(at event.Position) bool) error {
	db, closeStore, err := f.reopen(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = closeStore() }()
	for pages := 1; ; pages++ {
		if f.restarts > 0 && pages%f.restarts == 0 {
			if err := closeStore(); err != nil {
				return err
			}
			if db, closeStore, err = f.reopen(ctx); err != nil {
				return err
			}
		}
		appended := db.Appended()
		page, err := f.page(ctx, db)
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("it stands at %v: %w", f.query.After.Position, ctx.Err())
		case err == nil:
		case isPassing(err):
			rest(ctx, 10*time.Millisecond)
			continue
		default:
			return err
		}
		for _, rec := range page.Records {
			f.seen = append(f.seen, history.Saw(rec))
		}
		f.query.After = page.Next
		if !page.AtHead && page.Stall == nil {
			continue
		}
		if end(page.Next.Position) {
			return nil
		}
		select {
		case <-appended:
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

// page reads one, and does not wait for ever.
func (f *follower) page(ctx context.Context, db database) (eventstore.Page, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return db.Page(ctx, f.query)
}

// reopen tries until the server is in reach.
func (f *follower) reopen(ctx context.Context) (db database, closeStore func() error, err error) {
	for {
		db, closeStore, err = f.open(ctx)
		if err == nil || !isPassing(err) || !rest(ctx, 20*time.Millisecond) {
			return db, closeStore, err
		}
	}
}

// isPassing reports whether an error is about the server and not about the feed.
func isPassing(err error) bool {
	for _, target := range []error{postgres.ErrUnreachable, postgres.ErrTimeout, eventstore.ErrBusy, context.DeadlineExceeded} {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}
