package aggregate_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/eventsource-go/eventsource/core/aggregate"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/memstore"
)

// Events say what happened; the state is what they add up to; commands are requests. All of it is plain Go.
type (
	Event     interface{ isEvent() }
	Deposited struct{ Amount int }
	Withdrawn struct{ Amount int }
	Account   struct{ Balance int }
	Deposit   struct{ Amount int }
	Withdraw  struct{ Amount int }
)

func (Deposited) isEvent() {}
func (Withdrawn) isEvent() {}

func (a *Account) Apply(e Event) {
	switch e := e.(type) {
	case Deposited:
		a.Balance += e.Amount
	case Withdrawn:
		a.Balance -= e.Amount
	}
}

// A command reads the state and returns what happens, or refuses.
func (c Deposit) Decide(Account) ([]Event, error) { return []Event{Deposited(c)}, nil }

func (c Withdraw) Decide(a Account) ([]Event, error) {
	if c.Amount > a.Balance {
		return nil, errors.New("insufficient funds")
	}
	return []Event{Withdrawn(c)}, nil
}

// These lines introduce them to the platform. The names are stored: they never change.
var events = event.NewRegistry(map[string]Event{"account.deposited": Deposited{}, "account.withdrawn": Withdrawn{}})
var accountType = aggregate.Type[Account, Event]{Name: "account", Events: events, Apply: (*Account).Apply}

func Example() {
	ctx, accounts := context.Background(), aggregate.NewRepository(memstore.New(), accountType, aggregate.Config{})
	_, err1 := accounts.Execute(ctx, "42", Deposit{Amount: 100})
	res, err2 := accounts.Execute(ctx, "42", Withdraw{Amount: 30})
	_, err3 := accounts.Execute(ctx, "42", Withdraw{Amount: 500})
	fmt.Println(res.State.Balance, res.Version, err1, err2, err3)
	// Output: 70 2 <nil> <nil> account-42: insufficient funds
}
