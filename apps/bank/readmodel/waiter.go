package readmodel

import (
	"context"
	"errors"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/subscription"
)

// ErrAhead reports a position that the store has not reached: no write has returned it.
var ErrAhead = errors.New("position is ahead of the store")

// Waiter lets readers see what they have written. It is safe for concurrent use.
type Waiter struct {
	feed  eventstore.Feed
	group *subscription.Group
}

// NewWaiter returns a waiter for the read models that the group keeps.
func NewWaiter(feed eventstore.Feed, group *subscription.Group) *Waiter {
	return &Waiter{feed: feed, group: group}
}

// Await returns nil once the read models show everything up to pos.
//
// Errors: [ErrAhead], [event.ErrForeignPosition], [subscription.ErrEnded], and the context's,
// with what the read models last failed with.
func (w *Waiter) Await(ctx context.Context, pos event.Position) error {
	head, err := w.feed.Head(ctx)
	if err != nil {
		return err
	}
	switch order, err := pos.Compare(head); {
	case err != nil:
		return err
	case order > 0:
		if err := w.behind(ctx, head); err != nil {
			return err
		}
	}
	return w.group.WaitFor(ctx, Name, pos)
}

// behind returns [ErrAhead] if there is nothing after head. An event that was acknowledged may be
// there and not shown yet, because one before it is still being stored.
func (w *Waiter) behind(ctx context.Context, head event.Position) error {
	page, err := w.feed.Page(ctx, eventstore.FeedQuery{After: event.Cursor{Position: head}, Limit: 1})
	if err == nil && len(page.Records) == 0 && page.Stall == nil {
		err = ErrAhead
	}
	return err
}

// Behind returns the head of the store, and whether the read models do not show it yet.
func (w *Waiter) Behind(ctx context.Context) (head event.Position, behind bool, err error) {
	head, err = w.feed.Head(ctx)
	if err != nil {
		return head, false, err
	}
	for _, s := range w.group.Status() {
		if s.Name == Name {
			order, err := s.Position.Compare(head)
			return head, order < 0, err
		}
	}
	return head, true, nil
}
