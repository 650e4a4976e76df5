package live

import (
	"context"

	"github.com/eventsource-go/eventsource/apps/bank/ledger"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/subscription"
)

// NewSubscription returns a subscription that publishes to b what happens from when it starts
// to run. It keeps no progress: nobody wants to be told today what happened yesterday.
func NewSubscription(feed eventstore.Feed, b *Broadcaster) subscription.Subscription {
	return subscription.Subscription{Name: "bank.live", Sink: &sink{feed: feed, to: b}}
}

type sink struct {
	feed   eventstore.Feed
	to     *Broadcaster
	at     event.Cursor
	placed bool
}

func (s *sink) Types() []string { return ledger.Events.Names() }

func (s *sink) Resume(ctx context.Context) (event.Cursor, error) {
	if s.placed {
		return s.at, nil
	}
	head, err := s.feed.Head(ctx)
	if err == nil {
		s.at, s.placed = event.Cursor{Position: head}, true
	}
	return s.at, err
}

func (s *sink) Take(_ context.Context, recs []event.Record, next event.Cursor) error {
	changes := make([]Change, len(recs))
	for i, rec := range recs {
		changes[i] = Change{Account: rec.Stream.ID, Version: rec.Version, Position: rec.Position}
	}
	s.to.Publish(changes...)
	s.at = next
	return nil
}
