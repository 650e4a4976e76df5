package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/eventsource-go/eventsource/apps/bank/account"
	"github.com/eventsource-go/eventsource/apps/bank/database"
	"github.com/eventsource-go/eventsource/apps/bank/ledger"
	"github.com/eventsource-go/eventsource/apps/bank/money"
	"github.com/eventsource-go/eventsource/apps/bank/readmodel"
	"github.com/eventsource-go/eventsource/apps/bank/transfer"
	"github.com/eventsource-go/eventsource/core/aggregate"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/subscription"
)

// refusal is why a form did nothing, for people.
type refusal struct {
	status int
	field  string // the one to blame; empty if it is all of the form
	text   string
}

func (e *refusal) Error() string { return e.text }

// errStale reports a form of a page that shows an older version of the account.
type errStale struct{ seen, actual event.Version }

func (e *errStale) Error() string { return "form is stale" }

// refused returns what err means to who sent a form to the account id, or "" to open one; ok is
// false if it has nothing to do with the form.
func refused(err error, id string) (r *refusal, ok bool) {
	if r, ok := errors.AsType[*refusal](err); ok {
		return r, true
	}
	r = &refusal{status: http.StatusUnprocessableEntity}
	if invalid, ok := errors.AsType[*account.InvalidTextError](err); ok {
		r.field, r.text = invalid.Field, sentence(invalid.Reason)
		return r, true
	}
	if malformed, ok := errors.AsType[*money.MalformedAmountError](err); ok {
		r.field, r.text = "amount", sentence(malformed.Reason)+" Write it like "+example(malformed.Currency)+"."
		return r, true
	}
	if stale, ok := errors.AsType[*errStale](err); ok {
		r.status = http.StatusConflict
		r.text = fmt.Sprintf("Nothing was booked: the account has changed since you saw it (then version %d, now version %d). "+
			"Its current state is shown here. Check it, and send the form again if it is still right.", stale.seen, stale.actual)
		return r, true
	}
	if errors.Is(err, eventstore.ErrConflict) || errors.Is(err, eventstore.ErrBusy) {
		r.status, r.text = http.StatusServiceUnavailable, "Nothing was booked: the bank is busy. Please send the form again."
		return r, true
	}
	if rejected, ok := errors.AsType[*aggregate.RejectedError](err); ok && id != "" && rejected.Stream.ID != id {
		return otherSide(err, r)
	}
	if short, ok := errors.AsType[*account.InsufficientFundsError](err); ok {
		r.field, r.text = "amount", "There is not enough money in the account, only "+formatMoney(short.Balance)+"."
		return r, true
	}
	for _, m := range meanings {
		if errors.Is(err, m.is) {
			r.field, r.text = m.field, m.text
			return r, true
		}
	}
	return nil, false
}

// otherSide returns what err means if it is the receiving account that refused.
func otherSide(err error, r *refusal) (*refusal, bool) {
	r.field = "to"
	switch {
	case errors.Is(err, account.ErrNotOpen):
		r.text = "There is no account with this number."
	case errors.Is(err, account.ErrFrozen):
		r.text = "That account is frozen: it takes no money."
	case errors.Is(err, account.ErrClosed):
		r.text = "That account is closed."
	case errors.Is(err, money.ErrCurrencyMismatch):
		r.text = "That account is kept in another currency."
	case errors.Is(err, money.ErrOverflow):
		r.field, r.text = "amount", "That account can't hold so much money."
	default:
		return nil, false
	}
	return r, true
}

// meanings is what errors of the account in question mean. The first match counts.
var meanings = []struct {
	is          error
	field, text string
}{
	{account.ErrNotPositive, "amount", "The amount has to be more than nothing."},
	{money.ErrUnknownCurrency, "currency", "Choose one of the currencies."},
	{money.ErrOverflow, "amount", "The account can't hold so much money."},
	{transfer.ErrSameAccount, "to", "This is the account that the money comes from."},
	{transfer.ErrIncomplete, "to", "Enter the number of an account."},
	{event.ErrInvalidStream, "to", "There is no account with this number."},
	{account.ErrFrozen, "", "Nothing was booked: the account is frozen."},
	{account.ErrNotFrozen, "", "Nothing was booked: the account is not frozen."},
	{account.ErrNotEmpty, "", "The account still holds money. It can be closed once it is empty."},
	{account.ErrClosed, "", "Nothing was booked: the account is closed."},
	{eventstore.ErrStreamClosed, "", "Nothing was booked: the account is closed."},
	{ledger.ErrKeyReused, "", "This form was sent before, with something else in it, and that was booked. Nothing was booked now. Send it again if you mean it."},
	{ledger.ErrInvalidKey, "", "This form was changed on its way. Please send it again."},
}

// sentence makes a sentence of a reason.
func sentence(reason string) string {
	if reason == "" {
		return ""
	}
	return strings.ToUpper(reason[:1]) + reason[1:] + "."
}

// failure is an answer that is nothing but what went wrong.
type failure struct {
	status      int
	title, text string
}

func (e *failure) Error() string { return e.title }

var (
	errNoPage      = &failure{http.StatusNotFound, "Page not found", "There is nothing at this address."}
	errNoMethod    = &failure{http.StatusMethodNotAllowed, "This can't be done here", "The address is right, but not for this kind of request."}
	errNoAccount   = &failure{http.StatusNotFound, "Account not found", "There is no account with this number."}
	errNoListPage  = &failure{http.StatusBadRequest, "No such part of the list", "The link does not lead to a part of this list. Start from its beginning."}
	errCrossOrigin = &failure{http.StatusForbidden, "Not from this site", "This form was sent by another site, so nothing was done."}
	errBadForm     = &failure{http.StatusBadRequest, "The form can't be read", "What was sent is not one of the bank's forms, so nothing was done."}
	errNotAForm    = &failure{http.StatusUnsupportedMediaType, "Not a form", "What was sent is not a form, so nothing was done."}
	errTooLarge    = &failure{http.StatusRequestEntityTooLarge, "Too much", "The form is too large, so nothing was done."}
	errUnavailable = &failure{http.StatusServiceUnavailable, "The bank is busy", "Please try again in a moment. If you sent a form, go back and send it again: it counts once."}
	errAway        = &failure{http.StatusServiceUnavailable, "The bank can't be asked", "Its database does not answer. Please try again in a moment. If you sent a form, go back and send it again: it counts once."}
	errInternal    = &failure{http.StatusInternalServerError, "Something went wrong", "It is our fault, and was noted. If you sent a form, go back and send it again: it counts once."}
)

// failed returns what err means to a visitor; known is false if it is ours to look into.
func failed(err error) (f *failure, known bool) {
	if f, ok := errors.AsType[*failure](err); ok {
		return f, true
	}
	for _, m := range []struct {
		is error
		f  *failure
	}{
		{account.ErrNotOpen, errNoAccount},
		{readmodel.ErrNotFound, errNoAccount},
		{event.ErrInvalidStream, errNoAccount},
		{readmodel.ErrInvalidCursor, errNoListPage},
		{eventstore.ErrBusy, errUnavailable},
		{eventstore.ErrStoreClosed, errUnavailable},
		{subscription.ErrEnded, errUnavailable},
		{context.DeadlineExceeded, errUnavailable},
		{context.Canceled, errUnavailable}, // the visitor has gone and reads nothing
	} {
		if errors.Is(err, m.is) {
			return m.f, true
		}
	}
	if database.Unavailable(err) {
		return errAway, false
	}
	return errInternal, false
}
