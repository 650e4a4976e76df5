package aggregatetest_test

import (
	"testing"

	"github.com/eventsource-go/eventsource/core/aggregate/aggregatetest"
	"github.com/eventsource-go/eventsource/core/internal/account"
)

func ExampleFor() {
	_ = func(t *testing.T) { // TestWithdraw
		aggregatetest.For(t, account.Type).
			Given(account.Opened{Customer: "ann"}, account.Deposited{Amount: 100}).
			When(account.Withdraw{Amount: 30}).
			Then(account.Withdrawn{Amount: 30}).
			ThenState(account.Account{Customer: "ann", Balance: 70})
	}
}
