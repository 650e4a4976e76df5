package bunstore_test

import (
	"context"

	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/subscription"
	"github.com/eventsource-go/eventsource/stores/bunstore"
)

type deposited struct{ Cents int64 }

var events = event.NewRegistry(map[string]any{"account.deposited": deposited{}})

// The example of package sqlite runs; this is the part of it that is the same for every SQL store.
func Example() {
	balances := bunstore.Project(events, func(ctx context.Context, tx bun.Tx, env event.Envelope[any]) error {
		_, err := tx.NewUpdate().Table("balances").
			Set("cents = cents + ?", env.Event.(deposited).Cents).Where("account = ?", env.Stream.ID).Exec(ctx)
		return err
	})
	run := func(ctx context.Context, store interface {
		eventstore.Store
		bunstore.Database
	}) error {
		group, err := subscription.NewGroup(store, subscription.Config{}, bunstore.NewSubscription("balances", balances, store))
		if err != nil {
			return err
		}
		return group.Run(ctx) // until ctx is done
	}
	_ = run
}
