package aggregate_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/eventsource-go/eventsource/core/aggregate"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/memstore"
)

// Events say what happened; the state is what they add up to. Both are plain Go.
type (
	Event     interface{ isEvent() }
	Deposited struct{ Amount int }
	Withdrawn struct{ Amount int }
	Account   struct{ Balance int }
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

// Withdraw is a command: it reads the state and returns what happens, or refuses.
type Withdraw struct{ Amount int }

var ErrInsufficientFunds = errors.New("insufficient funds")

func (c Withdraw) Decide(a Account) ([]Event, error) {
	if c.Amount > a.Balance {
		return nil, ErrInsufficientFunds
	}
	return []Event{Withdrawn(c)}, nil
}

// These lines introduce them to the platform. The names are stored, and for ever.
var (
	events      = event.NewRegistry(map[string]Event{"account.deposited": Deposited{}, "account.withdrawn": Withdrawn{}})
	accountType = aggregate.Type[Account, Event]{Name: "account", Events: events, Apply: (*Account).Apply}
)

func Example() {
	ctx := context.Background()
	accounts := aggregate.NewRepository(memstore.New(), accountType, aggregate.Config{})

	deposit := func(Account) ([]Event, error) { return []Event{Deposited{Amount: 100}}, nil }
	if _, err := accounts.ExecuteFunc(ctx, "42", deposit); err != nil {
		fmt.Println(err)
	}
	res, err := accounts.Execute(ctx, "42", Withdraw{Amount: 30})
	fmt.Println(res.State.Balance, res.Version, err)

	_, err = accounts.Execute(ctx, "42", Withdraw{Amount: 500})
	fmt.Println(err, errors.Is(err, ErrInsufficientFunds))
	// Output:
	// 70 2 <nil>
	// account-42: insufficient funds true
}
