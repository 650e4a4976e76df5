package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"

	"github.com/eventsource-go/eventsource/apps/bank/account"
	"github.com/eventsource-go/eventsource/apps/bank/ledger"
	"github.com/eventsource-go/eventsource/apps/bank/money"
	"github.com/eventsource-go/eventsource/apps/bank/readmodel"
	"github.com/eventsource-go/eventsource/apps/bank/transfer"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// action is something to do with an account: a form, and what it does.
type action struct {
	name string // part of the path, and the form's id
	in   []account.Status
	form func(c money.Currency) *form

	// seen says that it depends on what the visitor saw of the account. Money that comes in, and
	// a freeze, which is urgent, do not: they must not fail because something else happened.
	seen bool

	do func(s *site, ctx context.Context, id string, c money.Currency, in sent, opts []ledger.Option) (receipt, error)
}

// receipt is what a page needs of what the ledger did.
type receipt struct {
	version  event.Version
	position event.Position
	replayed bool
}

func received(r ledger.Receipt, err error) (receipt, error) {
	return receipt{r.Version, r.Position, r.Replayed}, err
}

var (
	whenOpen   = []account.Status{account.StatusOpen}
	whenFrozen = []account.Status{account.StatusFrozen}
)

var actions = []action{
	{
		name: "deposit", in: whenOpen,
		form: func(c money.Currency) *form {
			f := newForm("deposit", "", "Deposit", "Deposit", amountField(c), referenceField())
			f.Open = true
			return f
		},
		do: func(s *site, ctx context.Context, id string, c money.Currency, in sent, opts []ledger.Option) (receipt, error) {
			amount, err := typedAmount(in.values["amount"], c)
			if err != nil {
				return receipt{}, err
			}
			return received(s.cfg.Ledger.Deposit(ctx, id, account.Deposit{Amount: amount, Reference: in.values["reference"]}, opts...))
		},
	},
	{
		name: "withdraw", in: whenOpen, seen: true,
		form: func(c money.Currency) *form {
			return newForm("withdraw", "", "Withdraw", "Withdraw", amountField(c), referenceField())
		},
		do: func(s *site, ctx context.Context, id string, c money.Currency, in sent, opts []ledger.Option) (receipt, error) {
			amount, err := typedAmount(in.values["amount"], c)
			if err != nil {
				return receipt{}, err
			}
			return received(s.cfg.Ledger.Withdraw(ctx, id, account.Withdraw{Amount: amount, Reference: in.values["reference"]}, opts...))
		},
	},
	{
		name: "transfer", in: whenOpen, seen: true,
		form: func(c money.Currency) *form {
			to := field{Name: "to", Label: "To account", Hint: "The number of an account in " + string(c), Max: 255}
			return newForm("transfer", "", "Transfer", "Transfer", to, amountField(c), referenceField())
		},
		do: func(s *site, ctx context.Context, id string, c money.Currency, in sent, opts []ledger.Option) (receipt, error) {
			to := typedAccount(in.values["to"])
			if to == "" {
				return receipt{}, transfer.ErrIncomplete
			}
			amount, err := typedAmount(in.values["amount"], c)
			if err != nil {
				return receipt{}, err
			}
			t := transfer.Transfer{From: id, To: to, Amount: amount, Reference: in.values["reference"]}
			res, err := s.cfg.Ledger.Transfer(ctx, t, opts...)
			return receipt{res.From.Version, res.Position, res.Replayed}, err
		},
	},
	{
		name: "freeze", in: whenOpen,
		form: func(money.Currency) *form {
			f := newForm("freeze", "", "Freeze", "Freeze account", reasonField(false))
			f.Hint = "Stops all money, in and out, until the account is unfrozen."
			f.Danger = true
			return f
		},
		do: func(s *site, ctx context.Context, id string, _ money.Currency, in sent, opts []ledger.Option) (receipt, error) {
			return received(s.cfg.Ledger.Freeze(ctx, id, account.Freeze{Reason: in.values["reason"]}, opts...))
		},
	},
	{
		name: "unfreeze", in: whenFrozen, seen: true,
		form: func(money.Currency) *form {
			f := newForm("unfreeze", "", "Unfreeze", "Unfreeze account", reasonField(false))
			f.Hint, f.Open = "Lets money move again.", true
			return f
		},
		do: func(s *site, ctx context.Context, id string, _ money.Currency, in sent, opts []ledger.Option) (receipt, error) {
			return received(s.cfg.Ledger.Unfreeze(ctx, id, account.Unfreeze{Reason: in.values["reason"]}, opts...))
		},
	},
	{
		name: "close", in: whenOpen, seen: true,
		form: func(money.Currency) *form {
			f := newForm("close", "", "Close", "Close account", reasonField(true))
			f.Hint, f.Danger = "Ends the account for good. It has to be empty.", true
			return f
		},
		do: func(s *site, ctx context.Context, id string, _ money.Currency, in sent, opts []ledger.Option) (receipt, error) {
			return received(s.cfg.Ledger.Close(ctx, id, account.Close{Reason: in.values["reason"]}, opts...))
		},
	},
}

// formFor returns the action's form for an account at version v.
func (a action) formFor(id string, c money.Currency, v event.Version) *form {
	f := a.form(c)
	f.Action = accountPath(id) + "/" + a.name
	if a.seen {
		f.Version = v
	}
	return f
}

// formsFor returns the forms for what can be done with an account.
func formsFor(a readmodel.Account) []*form {
	var forms []*form
	for _, act := range actions {
		if slices.Contains(act.in, a.Status) {
			forms = append(forms, act.formFor(a.ID, a.Balance.Currency, a.Version))
		}
	}
	return forms
}

// act returns the page that the action's form is sent to. It leads back to the account, or
// shows it with the form, what was typed, and why nothing happened.
func (s *site) act(a action) page {
	return func(w http.ResponseWriter, r *http.Request) error {
		id := r.PathValue("id")
		in, err := parseForm(r)
		if err != nil {
			return err
		}
		now, v, err := s.cfg.Ledger.Account(r.Context(), id)
		if err != nil {
			return err
		}
		f := a.formFor(id, now.Balance.Currency, v)
		res, err := a.do(s, r.Context(), id, now.Balance.Currency, in, in.options(f))
		if err == nil {
			s.await(r.Context(), res.position)
			http.Redirect(w, r, doneURL(id, res), http.StatusSeeOther)
			return nil
		}
		if conflict, ok := errors.AsType[*eventstore.ConflictError](err); ok && a.seen && in.version != 0 && conflict.Stream.ID == id {
			err = &errStale{seen: in.version, actual: conflict.Actual}
		}
		why, ok := refused(err, id)
		if !ok {
			return err
		}
		now, v, loadErr := s.cfg.Ledger.Account(r.Context(), id) // it may have changed since
		if loadErr != nil {
			return loadErr
		}
		if f.Version != 0 {
			f.Version = v
		}
		f.keep(in, why, err)
		return s.renderAccount(w, r, why.status, id, now, v, f)
	}
}

// await waits until the read models show pos, or until it has been long enough: then the next
// page says that it is behind.
func (s *site) await(ctx context.Context, pos event.Position) {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.AwaitTimeout)
	defer cancel()
	if err := s.cfg.Waiter.Await(ctx, pos); err != nil {
		s.cfg.Log.WarnContext(ctx, "read models are behind", "position", pos, "error", err)
	}
}

// doneURL is the account, with a word about what was done.
func doneURL(id string, res receipt) string {
	again := ""
	if res.replayed {
		again = "1"
	}
	return withQuery(accountPath(id), "done", strconv.FormatUint(uint64(res.version), 10), "again", again)
}
