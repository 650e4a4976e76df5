package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/eventsource-go/eventsource/apps/bank/account"
	"github.com/eventsource-go/eventsource/apps/bank/ledger"
	"github.com/eventsource-go/eventsource/apps/bank/money"
	"github.com/eventsource-go/eventsource/apps/bank/problem"
	"github.com/eventsource-go/eventsource/apps/bank/readmodel"
	"github.com/eventsource-go/eventsource/apps/bank/transfer"
	"github.com/eventsource-go/eventsource/core/aggregate"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/subscription"
)

// problemError is a refusal that knows how it is answered.
type problemError struct{ problem.Details }

func (e *problemError) Error() string {
	return fmt.Sprintf("%s: %s %s", e.Kind.Name, e.Field, e.Detail)
}

func refuse(kind problem.Kind, field, detail string) error {
	return &problemError{problem.Details{Kind: kind, Field: field, Detail: detail}}
}

// errNotConsistent reports a read that waited as long as it may.
var errNotConsistent = errors.New("read models have not caught up")

func (api *API) awaitPosition(parent context.Context, pos event.Position) error {
	ctx, cancel := context.WithTimeout(parent, api.cfg.AwaitTimeout)
	defer cancel()
	err := api.waiter.Await(ctx, pos)
	if ctx.Err() != nil && parent.Err() == nil {
		return errors.Join(errNotConsistent, err)
	}
	return err
}

// fail answers with what err means to a client. What it does not mean to anybody outside is
// logged instead.
func (api *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	d, known := Explain(err)
	if d.Kind == problem.AccountNotFound && r.PathValue("id") == "" {
		d.Kind = problem.UnknownAccount // it is in the body, not in the path
	}
	if d.Kind == problem.Conflict && r.Header.Get("If-Match") != "" {
		d.Kind, d.RetryAfter = problem.VersionChanged, 0
	}
	if !known {
		api.cfg.Log.ErrorContext(r.Context(), "request failed", "request", w.Header().Get(problem.RequestIDHeader), "route", r.Pattern, "error", err)
	}
	problem.Write(w, d)
}

// Explain returns what err means to a client. It is false if it is nobody's business but ours.
func Explain(err error) (d problem.Details, known bool) {
	if p, ok := errors.AsType[*problemError](err); ok {
		return p.Details, true
	}
	if rejected, ok := errors.AsType[*aggregate.RejectedError](err); ok {
		d.Account = rejected.Stream.ID
	}
	if invalid, ok := errors.AsType[*account.InvalidTextError](err); ok {
		d.Kind, d.Field, d.Detail, d.Account = problem.InvalidValue, invalid.Field, invalid.Reason, ""
		return d, true
	}
	if malformed, ok := errors.AsType[*money.MalformedAmountError](err); ok {
		d.Kind, d.Field, d.Detail = problem.InvalidValue, "amount", malformed.Reason
		return d, true
	}
	if conflict, ok := errors.AsType[*eventstore.ConflictError](err); ok {
		d.Kind, d.Account, d.RetryAfter = problem.Conflict, conflict.Stream.ID, 1
		return d, true
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return problem.Details{Kind: problem.TooLarge}, true
	}
	if errors.Is(err, money.ErrOverflow) && d.Account == "" { // no account was asked
		return problem.Details{Kind: problem.InvalidValue, Field: "amount", Detail: "out of range"}, true
	}
	for _, m := range meanings {
		if errors.Is(err, m.is) {
			d.Kind, d.Field = m.kind, m.field
			if d.Kind.Status == http.StatusServiceUnavailable {
				d.RetryAfter = 1
			}
			return d, true
		}
	}
	return problem.Details{Kind: problem.Internal}, false
}

// meanings is what errors mean that carry nothing else that a client needs. The first match counts.
var meanings = []struct {
	is    error
	kind  problem.Kind
	field string
}{
	{account.ErrNotOpen, problem.AccountNotFound, ""},
	{readmodel.ErrNotFound, problem.AccountNotFound, ""},
	{event.ErrInvalidStream, problem.AccountNotFound, ""}, // an id that no account can have
	{account.ErrAlreadyOpen, problem.AlreadyOpen, ""},
	{account.ErrClosed, problem.AccountClosed, ""},
	{eventstore.ErrStreamClosed, problem.AccountClosed, ""},
	{account.ErrFrozen, problem.AccountFrozen, ""},
	{account.ErrNotFrozen, problem.AccountNotFrozen, ""},
	{account.ErrNotEmpty, problem.AccountNotEmpty, ""},
	{account.ErrInsufficientFunds, problem.InsufficientFunds, ""},
	{account.ErrNotPositive, problem.InvalidValue, "amount"},
	{money.ErrCurrencyMismatch, problem.CurrencyMismatch, "currency"},
	{money.ErrUnknownCurrency, problem.InvalidValue, "currency"},
	{money.ErrOverflow, problem.BalanceOutOfRange, "amount"},
	{transfer.ErrSameAccount, problem.SameAccount, "to"},
	{transfer.ErrIncomplete, problem.InvalidValue, ""},
	{ledger.ErrKeyReused, problem.KeyReused, IdempotencyKeyHeader},
	{ledger.ErrInvalidKey, problem.InvalidParameter, IdempotencyKeyHeader},
	{ledger.ErrNoVersion, problem.VersionNotFound, "asOf"},
	{readmodel.ErrInvalidCursor, problem.InvalidParameter, "cursor"},
	{readmodel.ErrInvalidLimit, problem.InvalidParameter, "limit"},
	{readmodel.ErrAhead, problem.InvalidToken, ""},
	{event.ErrForeignPosition, problem.InvalidToken, ""},
	{errNotConsistent, problem.NotYetConsistent, ""},
	{eventstore.ErrBusy, problem.StoreBusy, ""},
	{eventstore.ErrStoreClosed, problem.ShuttingDown, ""},
	{subscription.ErrEnded, problem.ShuttingDown, ""},
	{context.DeadlineExceeded, problem.DeadlineExceeded, ""},
	{context.Canceled, problem.DeadlineExceeded, ""}, // the client has gone and reads nothing
}
