package readmodel_test

import (
	"context"
	"fmt"

	"github.com/eventsource-go/eventsource/apps/bank/account"
	"github.com/eventsource-go/eventsource/apps/bank/ledger"
	"github.com/eventsource-go/eventsource/apps/bank/money"
	"github.com/eventsource-go/eventsource/apps/bank/readmodel"
	"github.com/eventsource-go/eventsource/core/subscription"
	"github.com/eventsource-go/eventsource/stores/sqlite"
)

// The read models follow the events, and a reader waits until they show what it has written.
func Example() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	store, err := sqlite.Open(ctx, ":memory:", sqlite.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer store.Close()
	if err := store.Migrate(ctx); err != nil {
		fmt.Println(err)
		return
	}
	if err := readmodel.Migrate(ctx, store); err != nil {
		fmt.Println(err)
		return
	}
	group, err := subscription.NewGroup(store, subscription.Config{}, readmodel.NewSubscription(store))
	if err != nil {
		fmt.Println(err)
		return
	}
	done := make(chan error, 1)
	go func() { done <- group.Run(ctx) }()

	l := ledger.New(store, ledger.Config{})
	ann, _ := l.Open(ctx, account.Open{Owner: "Ann", Currency: money.EUR})
	paid, _ := l.Deposit(ctx, ann.Account, account.Deposit{Amount: money.Amount{Minor: 10000, Currency: money.EUR}, Reference: "salary"})

	if err := readmodel.NewWaiter(store, group).Await(ctx, paid.Position); err != nil {
		fmt.Println(err)
		return
	}
	page, err := readmodel.NewReader(store).Statement(ctx, ann.Account, readmodel.PageQuery{Limit: 10})
	for _, e := range page.Items {
		fmt.Println(e.Version, e.Kind, e.Amount, e.Reference, e.Balance)
	}
	fmt.Println(err)
	cancel()
	fmt.Println(<-done)
	// Output:
	// 2 deposit 100.00 EUR salary 100.00 EUR
	// <nil>
	// <nil>
}
