package aggregate_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/eventsource-go/eventsource/core/aggregate"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/memstore"
)

func deposit(amount int) func(Account) ([]Event, error) {
	return func(Account) ([]Event, error) { return []Event{Deposited{Amount: amount}}, nil }
}

// A client that does not know whether its request arrived sends it again with the same key.
func ExampleIdempotencyKey() {
	ctx := context.Background()
	accounts := aggregate.NewRepository(memstore.New(), accountType, aggregate.Config{})
	for range 2 {
		res, err := accounts.ExecuteFunc(ctx, "42", deposit(100), aggregate.IdempotencyKey("request-7"))
		fmt.Println(res.State.Balance, res.Version, res.Replayed, err)
	}
	// Output:
	// 100 1 false <nil>
	// 100 1 true <nil>
}

// A user who decided on what a page showed must not overwrite what happened since.
func ExampleExpectVersion() {
	ctx := context.Background()
	accounts := aggregate.NewRepository(memstore.New(), accountType, aggregate.Config{})
	shown, _ := accounts.ExecuteFunc(ctx, "42", deposit(100))
	accounts.ExecuteFunc(ctx, "42", deposit(1)) // somebody else

	_, err := accounts.Execute(ctx, "42", Withdraw{Amount: 30}, aggregate.ExpectVersion(shown.Version))
	fmt.Println(err)
	if conflict, ok := errors.AsType[*eventstore.ConflictError](err); ok {
		fmt.Println("now at", conflict.Actual)
	}
	// Output:
	// append to account-42: expected version 1, found version 2
	// now at 2
}

// Nothing is forgotten, so every state that ever was can be asked for.
func ExampleRepository_LoadAsOf() {
	ctx := context.Background()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	accounts := aggregate.NewRepository(memstore.New(), accountType, aggregate.Config{Now: func() time.Time { return now }})
	accounts.ExecuteFunc(ctx, "42", deposit(100))
	now = now.AddDate(0, 1, 0)
	accounts.Execute(ctx, "42", Withdraw{Amount: 30})

	then, version, _ := accounts.LoadAsOf(ctx, "42", now.AddDate(0, 0, -1))
	fmt.Println(then.Balance, version)
	then, version, _ = accounts.LoadAt(ctx, "42", 2)
	fmt.Println(then.Balance, version)
	// Output:
	// 100 1
	// 70 2
}

func ExampleRepository_History() {
	ctx := context.Background()
	accounts := aggregate.NewRepository(memstore.New(), accountType, aggregate.Config{})
	accounts.ExecuteFunc(ctx, "42", deposit(100))
	accounts.Execute(ctx, "42", Withdraw{Amount: 30})
	for env, err := range accounts.History(ctx, "42", eventstore.ReadQuery{Backward: true}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%d %s %+v\n", env.Version, env.Type, env.Event)
	}
	// Output:
	// 2 account.withdrawn {Amount:30}
	// 1 account.deposited {Amount:100}
}

// Handler by handler instead of one switch; a missing one is found when the program starts.
func ExampleDeclare() {
	accountType := aggregate.Declare("account", events,
		aggregate.On(func(a *Account, e Deposited) { a.Balance += e.Amount }),
		aggregate.On(func(a *Account, e Withdrawn) { a.Balance -= e.Amount }),
	)
	accounts := aggregate.NewRepository(memstore.New(), accountType, aggregate.Config{})
	res, err := accounts.ExecuteFunc(context.Background(), "42", deposit(100))
	fmt.Println(res.State.Balance, err)
	// Output: 100 <nil>
}
