package transfer_test

import (
	"fmt"

	"github.com/eventsource-go/eventsource/apps/bank/account"
	"github.com/eventsource-go/eventsource/apps/bank/money"
	"github.com/eventsource-go/eventsource/apps/bank/transfer"
)

// A transfer is one command for each account; what the two lead to is stored together or not at
// all, for which the ledger sees.
func Example() {
	euros := func(cents int64) money.Amount { return money.Amount{Minor: cents, Currency: money.EUR} }
	ann := account.Account{Owner: "Ann", Status: account.StatusOpen, Balance: euros(5000)}
	bob := account.Account{Owner: "Bob", Status: account.StatusOpen, Balance: euros(0)}

	pay, receive, err := transfer.Transfer{ID: "T", From: "ann", To: "bob", Amount: euros(1250)}.Sides()
	if err != nil {
		fmt.Println(err)
		return
	}
	out, _ := pay.Decide(ann)
	in, _ := receive.Decide(bob)
	ann.Apply(out[0])
	bob.Apply(in[0])
	fmt.Println(ann.Balance, bob.Balance)

	_, _, err = transfer.Transfer{ID: "T", From: "ann", To: "ann", Amount: euros(1250)}.Sides()
	fmt.Println(err)
	// Output:
	// 37.50 EUR 12.50 EUR
	// both sides of the transfer are the same account
}
