// Package transfer moves money between accounts.
package transfer

import (
	"context"

	"github.com/eventsource-go/eventsource/apps/bank/account"
	"github.com/eventsource-go/eventsource/core/aggregate"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// Transfer is a request to move money. Its ID makes it happen once.
type Transfer struct {
	ID       string
	From, To string
	Amount   int64
}

// Make moves the money, or nothing happens. It returns the position to wait for.
func Make(ctx context.Context, store eventstore.Streams, accounts *account.Repository, t Transfer) (event.Position, error) {
	var paid account.Result
	pos, err := eventstore.Atomic(ctx, store, func(ctx context.Context, tx eventstore.Streams) (err error) {
		accounts := accounts.WithStore(tx)
		_, err = accounts.Execute(ctx, t.From, account.Withdraw{Amount: t.Amount}, aggregate.IdempotencyKey(t.ID+"/from"))
		if err != nil {
			return err
		}
		paid, err = accounts.Execute(ctx, t.To, account.Deposit{Amount: t.Amount}, aggregate.IdempotencyKey(t.ID+"/to"))
		return err
	})
	if paid.Replayed {
		pos = paid.Position
	}
	return pos, err
}
