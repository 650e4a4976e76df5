// Package transfer moves money from one account to another: two commands, one for each side,
// of which whoever executes them has to let both happen or none.
package transfer

import (
	"errors"

	"github.com/eventsource-go/eventsource/apps/bank/account"
	"github.com/eventsource-go/eventsource/apps/bank/money"
)

// Why a transfer is refused before either account is asked.
var (
	ErrSameAccount = errors.New("both sides of the transfer are the same account")
	ErrIncomplete  = errors.New("a transfer needs an id and two accounts")
)

// Transfer is a request to move money. Both accounts are open, not frozen, and of the
// currency of Amount.
type Transfer struct {
	ID        string
	From, To  string
	Amount    money.Amount
	Reference string
}

// Sides returns the command for each account.
//
// Errors: [ErrIncomplete], [ErrSameAccount], [account.ErrNotPositive], [account.InvalidTextError].
func (t Transfer) Sides() (Pay, Receive, error) {
	switch {
	case t.ID == "" || t.From == "" || t.To == "":
		return Pay{}, Receive{}, ErrIncomplete
	case t.From == t.To:
		return Pay{}, Receive{}, ErrSameAccount
	case !t.Amount.IsPositive():
		return Pay{}, Receive{}, account.ErrNotPositive
	}
	if err := account.CheckReference(t.Reference); err != nil {
		return Pay{}, Receive{}, err
	}
	return Pay{t}, Receive{t}, nil
}

// Pay is the side of the account that the money comes from. [Transfer.Sides] makes it.
type Pay struct{ transfer Transfer }

// Decide refuses as [account.Account.Gives] says.
func (p Pay) Decide(a account.Account) ([]account.Event, error) {
	if err := a.Gives(p.transfer.Amount); err != nil {
		return nil, err
	}
	return []account.Event{p.Event()}, nil
}

// Event returns what happens to the account unless it refuses.
func (p Pay) Event() account.Event {
	t := p.transfer
	return account.TransferredOut{Transfer: t.ID, To: t.To, Amount: t.Amount, Reference: t.Reference}
}

// Receive is the side of the account that the money goes to. [Transfer.Sides] makes it.
type Receive struct{ transfer Transfer }

// Decide refuses as [account.Account.Takes] says.
func (r Receive) Decide(a account.Account) ([]account.Event, error) {
	t := r.transfer
	if err := a.Takes(t.Amount); err != nil {
		return nil, err
	}
	return []account.Event{account.TransferredIn{Transfer: t.ID, From: t.From, Amount: t.Amount, Reference: t.Reference}}, nil
}
