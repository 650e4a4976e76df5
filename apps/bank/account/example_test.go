package account_test

import (
	"fmt"

	"github.com/eventsource-go/eventsource/apps/bank/account"
	"github.com/eventsource-go/eventsource/apps/bank/money"
)

// A command reads the state and returns events, an event changes the state. Nothing else is
// needed to try the rules.
func Example() {
	var a account.Account
	happen := func(cmd interface {
		Decide(account.Account) ([]account.Event, error)
	}) {
		events, err := cmd.Decide(a)
		for _, e := range events {
			a.Apply(e)
		}
		fmt.Println(a.Balance, err)
	}
	happen(account.Open{Owner: "Ann", Currency: money.EUR})
	happen(account.Deposit{Amount: money.Amount{Minor: 10000, Currency: money.EUR}})
	happen(account.Withdraw{Amount: money.Amount{Minor: 3050, Currency: money.EUR}})
	happen(account.Withdraw{Amount: money.Amount{Minor: 99999, Currency: money.EUR}})
	// Output:
	// 0.00 EUR <nil>
	// 100.00 EUR <nil>
	// 69.50 EUR <nil>
	// 69.50 EUR insufficient funds
}
