package bunstore_test

import (
	"context"

	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/subscription"
	"github.com/eventsource-go/eventsource/stores/bunstore"
)

type deposited struct{ Amount int64 }

var events = event.NewRegistry(map[string]any{"account.deposited": deposited{}})

// Balance is a row of a read model.
type Balance struct {
	Account string `bun:",pk"`
	Cents   int64
}

// balances writes through the transaction that also moves the subscription's checkpoint, so each
// deposit is counted once, whenever the process ends.
var balances = bunstore.Project(events, func(ctx context.Context, tx bun.Tx, env event.Envelope[any]) error {
	row := &Balance{Account: env.Stream.ID, Cents: env.Event.(deposited).Amount}
	_, err := tx.NewInsert().Model(row).On("CONFLICT (account) DO UPDATE").Set("cents = balance.cents + EXCLUDED.cents").Exec(ctx)
	return err
})

// store is an SQL store: a *sqlite.Store, say.
type store interface {
	eventstore.Store
	bunstore.Database
}

func Example() {
	run := func(ctx context.Context, s store) error {
		group, err := subscription.NewGroup(s, subscription.Config{}, bunstore.NewSubscription("balances", balances, s))
		if err != nil {
			return err
		}
		return group.Run(ctx) // until ctx is done
	}
	_ = run
	// Output:
}
