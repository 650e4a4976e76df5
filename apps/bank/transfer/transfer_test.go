package transfer_test

import (
	"errors"
	"testing"

	"github.com/eventsource-go/eventsource/apps/bank/account"
	"github.com/eventsource-go/eventsource/apps/bank/money"
	"github.com/eventsource-go/eventsource/apps/bank/transfer"
)

func holding(minor int64, c money.Currency) account.Account {
	return account.Account{Owner: "Ann", Status: account.StatusOpen, Balance: money.Amount{Minor: minor, Currency: c}}
}

var lunch = transfer.Transfer{ID: "T", From: "A", To: "B", Amount: money.Amount{Minor: 30, Currency: money.EUR}, Reference: "lunch"}

func TestSides(t *testing.T) {
	pay, receive, err := lunch.Sides()
	if err != nil {
		t.Fatal(err)
	}
	out, err := pay.Decide(holding(30, money.EUR))
	if want := (account.TransferredOut{Transfer: "T", To: "B", Amount: lunch.Amount, Reference: "lunch"}); err != nil || len(out) != 1 || out[0] != want || pay.Event() != want {
		t.Error(out, err)
	}
	in, err := receive.Decide(holding(0, money.EUR))
	if want := (account.TransferredIn{Transfer: "T", From: "A", Amount: lunch.Amount, Reference: "lunch"}); err != nil || len(in) != 1 || in[0] != want {
		t.Error(in, err)
	}
	if net, err := account.Effect(out[0]).Add(account.Effect(in[0])); err != nil || !net.IsZero() {
		t.Error("money appears or disappears:", net, err)
	}
}

func TestRefused(t *testing.T) {
	change := func(fn func(*transfer.Transfer)) transfer.Transfer {
		c := lunch
		fn(&c)
		return c
	}
	for name, c := range map[string]struct {
		move transfer.Transfer
		want error
	}{
		"same account":  {change(func(t *transfer.Transfer) { t.To = t.From }), transfer.ErrSameAccount},
		"no id":         {change(func(t *transfer.Transfer) { t.ID = "" }), transfer.ErrIncomplete},
		"no payer":      {change(func(t *transfer.Transfer) { t.From = "" }), transfer.ErrIncomplete},
		"no payee":      {change(func(t *transfer.Transfer) { t.To = "" }), transfer.ErrIncomplete},
		"nothing":       {change(func(t *transfer.Transfer) { t.Amount.Minor = 0 }), account.ErrNotPositive},
		"negative":      {change(func(t *transfer.Transfer) { t.Amount.Minor = -1 }), account.ErrNotPositive},
		"bad reference": {change(func(t *transfer.Transfer) { t.Reference = "\n" }), account.ErrInvalidText},
	} {
		if _, _, err := c.move.Sides(); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	pay, receive, err := lunch.Sides()
	if err != nil {
		t.Fatal(err)
	}
	frozen, closed := holding(100, money.EUR), holding(0, money.EUR)
	frozen.Status, closed.Status = account.StatusFrozen, account.StatusClosed
	for name, c := range map[string]struct {
		side interface {
			Decide(account.Account) ([]account.Event, error)
		}
		of   account.Account
		want error
	}{
		"too little":          {pay, holding(29, money.EUR), account.ErrInsufficientFunds},
		"payer in dollars":    {pay, holding(100, money.USD), money.ErrCurrencyMismatch},
		"payer frozen":        {pay, frozen, account.ErrFrozen},
		"payer closed":        {pay, closed, account.ErrClosed},
		"payer never opened":  {pay, account.Account{}, account.ErrNotOpen},
		"payee in dollars":    {receive, holding(0, money.USD), money.ErrCurrencyMismatch},
		"payee frozen":        {receive, frozen, account.ErrFrozen},
		"payee closed":        {receive, closed, account.ErrClosed},
		"payee never opened":  {receive, account.Account{}, account.ErrNotOpen},
		"payee can't hold it": {receive, holding(1<<63-30, money.EUR), money.ErrOverflow},
	} {
		if events, err := c.side.Decide(c.of); !errors.Is(err, c.want) || events != nil {
			t.Errorf("%s: %v, %v", name, events, err)
		}
	}
}
