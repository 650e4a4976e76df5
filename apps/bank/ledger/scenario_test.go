package ledger_test

import (
	"testing"

	"github.com/eventsource-go/eventsource/apps/bank/account"
	"github.com/eventsource-go/eventsource/apps/bank/ledger"
	"github.com/eventsource-go/eventsource/apps/bank/money"
	"github.com/eventsource-go/eventsource/core/aggregate/aggregatetest"
)

// The rules on the wire: every event of a scenario is encoded and decoded, so what JSON drops, or
// the registry does not name, fails here.
func TestScenarios(t *testing.T) {
	opened := account.Opened{Owner: "Ann", Currency: money.EUR}
	aggregatetest.For(t, ledger.Type).
		When(account.Open{Owner: "Ann", Currency: money.EUR}, account.Deposit{Amount: eur(5), Reference: "r"}, account.Freeze{Reason: "lost"}).
		Then(opened, account.Deposited{Amount: eur(5), Reference: "r"}, account.Frozen{Reason: "lost"}).
		ThenState(account.Account{Owner: "Ann", Status: account.StatusFrozen, Balance: eur(5)})
	aggregatetest.For(t, ledger.Type).
		Given(opened, account.Deposited{Amount: eur(5)}).
		When(account.Withdraw{Amount: eur(3)}, account.Withdraw{Amount: eur(3)}).
		ThenRefused(account.ErrInsufficientFunds)
	aggregatetest.For(t, ledger.Type).
		Given(opened, account.TransferredIn{Transfer: "T", From: "B", Amount: eur(5)}, account.TransferredOut{Transfer: "U", To: "B", Amount: eur(5)}).
		When(account.Close{Reason: "moved"}).
		Then(account.Closed{Reason: "moved"})
}
