// Program: an account in memory.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/eventsource-go/eventsource/core/aggregate"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/memstore"
)

type (
	change    interface{ isChange() }
	deposited struct{ Amount int }
	withdrawn struct{ Amount int }
	account   struct{ Balance int }
	deposit   struct{ Amount int }
	withdraw  struct{ Amount int }
)

func (deposited) isChange() {}
func (withdrawn) isChange() {}

func (a *account) Apply(c change) {
	switch c := c.(type) {
	case deposited:
		a.Balance += c.Amount
	case withdrawn:
		a.Balance -= c.Amount
	}
}

func (c deposit) Decide(account) ([]change, error) { return []change{deposited(c)}, nil }

func (c withdraw) Decide(a account) ([]change, error) {
	if c.Amount > a.Balance {
		return nil, errors.New("insufficient funds")
	}
	return []change{withdrawn(c)}, nil
}

var changes = event.NewRegistry(map[string]change{"account.deposited": deposited{}, "account.withdrawn": withdrawn{}})

func main() {
	typ := aggregate.Type[account, change]{Name: "account", Events: changes, Apply: (*account).Apply}
	accounts := aggregate.NewRepository(memstore.New(), typ, aggregate.Config{})
	ctx := context.Background()
	if _, err := accounts.Execute(ctx, "42", deposit{Amount: 100}); err != nil {
		log.Fatal(err)
	}
	res, err := accounts.Execute(ctx, "42", withdraw{Amount: 30})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(res.State.Balance, res.Version)
}
