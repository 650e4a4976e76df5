package web

import (
	"github.com/eventsource-go/eventsource/apps/bank/account"
	"github.com/eventsource-go/eventsource/apps/bank/ledger"
	"github.com/eventsource-go/eventsource/apps/bank/money"
	"github.com/eventsource-go/eventsource/apps/bank/readmodel"
)

// what is an event for people.
type what struct {
	Title  string
	Amount money.Amount // what it did to the balance
	Other  string       // the account on the other side
	Text   string       // the owner, reference or reason
}

func describe(env ledger.Envelope) what {
	w := what{Title: eventTitle(env.Type), Amount: account.Effect(env.Event)}
	switch e := env.Event.(type) {
	case account.Opened:
		w.Text = e.Owner + ", " + string(e.Currency)
	case account.Deposited:
		w.Text = e.Reference
	case account.Withdrawn:
		w.Text = e.Reference
	case account.TransferredOut:
		w.Title, w.Other, w.Text = kindTitles[readmodel.TransferOut], e.To, e.Reference
	case account.TransferredIn:
		w.Title, w.Other, w.Text = kindTitles[readmodel.TransferIn], e.From, e.Reference
	case account.Frozen:
		w.Text = e.Reason
	case account.Unfrozen:
		w.Text = e.Reason
	case account.Closed:
		w.Text = e.Reason
	}
	return w
}

// eventTitles has the title of each event by its name on the wire.
var eventTitles = map[string]string{
	"account.opened":          "Account opened",
	"account.deposited":       "Deposit",
	"account.withdrawn":       "Withdrawal",
	"account.transferred_out": "Transfer out",
	"account.transferred_in":  "Transfer in",
	"account.frozen":          "Account frozen",
	"account.unfrozen":        "Account unfrozen",
	"account.closed":          "Account closed",
}

func eventTitle(name string) string {
	if title, ok := eventTitles[name]; ok {
		return title
	}
	return name
}

// kindTitles has the title of each line of a statement.
var kindTitles = map[readmodel.Kind]string{
	readmodel.Deposit:     "Deposit",
	readmodel.Withdrawal:  "Withdrawal",
	readmodel.TransferOut: "Transfer to",
	readmodel.TransferIn:  "Transfer from",
}

func kindTitle(k readmodel.Kind) string { return kindTitles[k] }

// statementKind returns the kind of the line that an event makes in a statement; ok is false if
// it makes none.
func statementKind(e account.Event) (k readmodel.Kind, ok bool) {
	switch e.(type) {
	case account.Deposited:
		return readmodel.Deposit, true
	case account.Withdrawn:
		return readmodel.Withdrawal, true
	case account.TransferredOut:
		return readmodel.TransferOut, true
	case account.TransferredIn:
		return readmodel.TransferIn, true
	default: // no money moved
		return "", false
	}
}
