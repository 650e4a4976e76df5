package account

import "github.com/eventsource-go/eventsource/apps/bank/money"

// Deposit puts money into the account.
type Deposit struct {
	Amount    money.Amount
	Reference string
}

// Decide refuses as [Account.Takes] says, or with [InvalidTextError].
func (cmd Deposit) Decide(a Account) ([]Event, error) {
	if err := a.Takes(cmd.Amount); err != nil {
		return nil, err
	}
	if err := CheckReference(cmd.Reference); err != nil {
		return nil, err
	}
	return []Event{Deposited(cmd)}, nil
}

// Withdraw takes money out of the account, never more than there is.
type Withdraw struct {
	Amount    money.Amount
	Reference string
}

// Decide refuses as [Account.Gives] says, or with [InvalidTextError].
func (cmd Withdraw) Decide(a Account) ([]Event, error) {
	if err := a.Gives(cmd.Amount); err != nil {
		return nil, err
	}
	if err := CheckReference(cmd.Reference); err != nil {
		return nil, err
	}
	return []Event{Withdrawn(cmd)}, nil
}
