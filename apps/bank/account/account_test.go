package account_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/eventsource-go/eventsource/apps/bank/account"
	"github.com/eventsource-go/eventsource/core/aggregate"
	"github.com/eventsource-go/eventsource/core/aggregate/aggregatetest"
	"github.com/eventsource-go/eventsource/core/memstore"
)

func TestWithdraw(t *testing.T) {
	open := []account.Event{account.Opened{Customer: "ann"}, account.Deposited{Amount: 100}}

	t.Run("WithinBalance", func(t *testing.T) {
		aggregatetest.For(t, account.Type).
			Given(open...).
			When(account.Withdraw{Amount: 30}).
			Then(account.Withdrawn{Amount: 30})
	})
	t.Run("MoreThanBalance", func(t *testing.T) {
		aggregatetest.For(t, account.Type).
			Given(open...).
			When(account.Withdraw{Amount: 101}).
			ThenRefused(account.ErrInsufficientFunds)
	})
	t.Run("NeverOpened", func(t *testing.T) {
		aggregatetest.For(t, account.Type).
			When(account.Withdraw{Amount: 1}).
			ThenRefused(account.ErrNotOpen)
	})
}

func Example() {
	ctx := context.Background()
	accounts := aggregate.NewRepository(memstore.New(), account.Type, aggregate.Config{})

	accounts.Execute(ctx, "42", account.Open{Customer: "ann"})
	accounts.Execute(ctx, "42", account.Deposit{Amount: 100})

	res, err := accounts.Execute(ctx, "42", account.Withdraw{Amount: 30})
	fmt.Println(res.State.Balance, res.Version, err)

	_, err = accounts.Execute(ctx, "42", account.Withdraw{Amount: 500})
	fmt.Println(err, errors.Is(err, account.ErrInsufficientFunds))

	_, err = accounts.Execute(ctx, "42", account.Deposit{Amount: 1}, aggregate.ExpectVersion(2))
	fmt.Println(err)
	// Output:
	// 70 3 <nil>
	// account-42: insufficient funds true
	// append to account-42: expected version 2, found version 3
}
