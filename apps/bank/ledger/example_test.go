package ledger_test

import (
	"context"
	"fmt"
	"time"

	"github.com/eventsource-go/eventsource/apps/bank/account"
	"github.com/eventsource-go/eventsource/apps/bank/ledger"
	"github.com/eventsource-go/eventsource/apps/bank/money"
	"github.com/eventsource-go/eventsource/apps/bank/transfer"
	"github.com/eventsource-go/eventsource/core/memstore"
)

// A whole bank, without a server or a database.
func Example() {
	ctx := context.Background()
	now := time.Date(2026, 1, 1, 9, 0, 0, 0, time.UTC)
	l := ledger.New(memstore.New(), ledger.Config{Now: func() time.Time { return now }})

	ann, _ := l.Open(ctx, account.Open{Owner: "Ann", Currency: money.EUR})
	bob, _ := l.Open(ctx, account.Open{Owner: "Bob", Currency: money.EUR})
	salary, _ := money.Parse("100.00", money.EUR)
	l.Deposit(ctx, ann.Account, account.Deposit{Amount: salary, Reference: "salary"})

	now = now.AddDate(0, 1, 0)
	lunch, _ := money.Parse("12.50", money.EUR)
	move := transfer.Transfer{From: ann.Account, To: bob.Account, Amount: lunch, Reference: "lunch"}
	for range 2 { // the answer got lost, and the client asks again
		res, err := l.Transfer(ctx, move, ledger.IdempotencyKey("lunch-1"))
		fmt.Println(res.From.State.Balance, res.To.State.Balance, res.Replayed, err)
	}

	then, version, _ := l.AccountAsOf(ctx, ann.Account, now.AddDate(0, 0, -1))
	fmt.Println(then.Balance, "at version", version)
	// Output:
	// 87.50 EUR 12.50 EUR false <nil>
	// 87.50 EUR 12.50 EUR true <nil>
	// 100.00 EUR at version 2
}
