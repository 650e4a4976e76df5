package account

import "github.com/eventsource-go/eventsource/apps/bank/money"

// Event is anything that can happen to an account.
//
//sumtype:decl
type Event interface{ isEvent() }

// Opened starts an account, with nothing in it.
type Opened struct {
	Owner    string         `json:"owner"`
	Currency money.Currency `json:"currency"`
}

// Deposited is money that came into the bank.
type Deposited struct {
	Amount    money.Amount `json:"amount"`
	Reference string       `json:"reference,omitempty"`
}

// Withdrawn is money that left the bank.
type Withdrawn struct {
	Amount    money.Amount `json:"amount"`
	Reference string       `json:"reference,omitempty"`
}

// TransferredOut is money that went to another account. The [TransferredIn] of the same
// transfer is in that account's stream.
type TransferredOut struct {
	Transfer  string       `json:"transfer"`
	To        string       `json:"to"`
	Amount    money.Amount `json:"amount"`
	Reference string       `json:"reference,omitempty"`
}

// TransferredIn is money that came from another account.
type TransferredIn struct {
	Transfer  string       `json:"transfer"`
	From      string       `json:"from"`
	Amount    money.Amount `json:"amount"`
	Reference string       `json:"reference,omitempty"`
}

// Frozen stops all money, in and out.
type Frozen struct {
	Reason string `json:"reason"`
}

// Unfrozen lets money move again.
type Unfrozen struct {
	Reason string `json:"reason"`
}

// Closed ends the account.
type Closed struct {
	Reason string `json:"reason,omitempty"`
}

func (Opened) isEvent()         {}
func (Deposited) isEvent()      {}
func (Withdrawn) isEvent()      {}
func (TransferredOut) isEvent() {}
func (TransferredIn) isEvent()  {}
func (Frozen) isEvent()         {}
func (Unfrozen) isEvent()       {}
func (Closed) isEvent()         {}

// Effect returns what e does to the balance; the zero Amount if it does nothing to it.
func Effect(e Event) money.Amount {
	switch e := e.(type) {
	case Deposited:
		return e.Amount
	case Withdrawn:
		return money.Amount{Minor: -e.Amount.Minor, Currency: e.Amount.Currency}
	case TransferredOut:
		return money.Amount{Minor: -e.Amount.Minor, Currency: e.Amount.Currency}
	case TransferredIn:
		return e.Amount
	case Opened, Frozen, Unfrozen, Closed:
	}
	return money.Amount{}
}

// StatusAfter returns the status that e leads to; [StatusNone] if it leaves it as it is.
func StatusAfter(e Event) Status {
	switch e.(type) {
	case Opened, Unfrozen:
		return StatusOpen
	case Frozen:
		return StatusFrozen
	case Closed:
		return StatusClosed
	case Deposited, Withdrawn, TransferredOut, TransferredIn:
	}
	return StatusNone
}
