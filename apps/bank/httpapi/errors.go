package httpapi

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
	"github.com/eventsource-go/eventsource/apps/bank/problem"
	"github.com/eventsource-go/eventsource/apps/bank/readmodel"
	"github.com/eventsource-go/eventsource/apps/bank/transfer"
	"github.com/eventsource-go/eventsource/core/aggregate"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/subscription"
	"github.com/eventsource-go/eventsource/stores/postgres"
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
	if conflict, ok := errors.AsType[*eventstore.ConflictError](err); ok && r.Header.Get("If-Match") != "" {
		d.Kind, d.RetryAfter, d.Version = problem.VersionChanged, 0, uint64(conflict.Actual)
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
	if errors.Is(err, postgres.ErrOutcomeUnknown) { // whatever else it is
		return problem.Details{Kind: problem.StoreUnavailable, Detail: unknownDetail, RetryAfter: 1}, false
	}
	for _, m := range meanings {
		if errors.Is(err, m.is) {
			d.Kind, d.Field, d.Detail = m.kind, m.field, m.detail
			if d.Kind.Status == http.StatusServiceUnavailable {
				d.RetryAfter = 1
			}
			return d, true
		}
	}
	if database.Unavailable(err) { // a matter for who runs the bank, too
		return problem.Details{Kind: problem.StoreUnavailable, RetryAfter: 1}, false
	}
	return problem.Details{Kind: problem.Internal}, false
}

// What is said in more than one place.
var (
	keyDetail     = fmt.Sprintf("It is one key of 1 to %d visible ASCII characters.", ledger.MaxKeyBytes)
	limitDetail   = fmt.Sprintf("It is 1 to %d.", readmodel.MaxLimit)
	unknownDetail = "It is not known whether it happened. Send it again with the same " + IdempotencyKeyHeader + ", if it had one."

	tokenDetail = "It is the " + TokenHeader + " of one answer of this bank."
)

// meanings is what errors mean that carry nothing else that a client needs. The first match counts.
var meanings = []struct {
	is     error
	kind   problem.Kind
	field  string
	detail string // where the kind does not say it all
}{
	{account.ErrNotOpen, problem.AccountNotFound, "", ""},
	{readmodel.ErrNotFound, problem.AccountNotFound, "", ""},
	{event.ErrInvalidStream, problem.AccountNotFound, "", ""}, // an id that no account can have
	{account.ErrAlreadyOpen, problem.AlreadyOpen, "", ""},
	{account.ErrClosed, problem.AccountClosed, "", ""},
	{eventstore.ErrStreamClosed, problem.AccountClosed, "", ""},
	{account.ErrFrozen, problem.AccountFrozen, "", ""},
	{account.ErrNotFrozen, problem.AccountNotFrozen, "", ""},
	{account.ErrNotEmpty, problem.AccountNotEmpty, "", ""},
	{account.ErrInsufficientFunds, problem.InsufficientFunds, "", ""},
	{account.ErrNotPositive, problem.InvalidValue, "amount", "The amount is more than 0."},
	{money.ErrCurrencyMismatch, problem.CurrencyMismatch, "currency", ""},
	{money.ErrUnknownCurrency, problem.InvalidValue, "currency", currencyDetail()},
	{money.ErrOverflow, problem.BalanceOutOfRange, "amount", ""},
	{transfer.ErrSameAccount, problem.SameAccount, "to", ""},
	{transfer.ErrIncomplete, problem.InvalidValue, "", "A transfer names both accounts, from and to."},
	{ledger.ErrKeyReused, problem.KeyReused, IdempotencyKeyHeader, ""},
	{ledger.ErrInvalidKey, problem.InvalidParameter, IdempotencyKeyHeader, keyDetail},
	{ledger.ErrNoVersion, problem.VersionNotFound, "asOf", ""},
	{readmodel.ErrInvalidCursor, problem.InvalidParameter, "cursor", "It is the next of the page before, of the same list."},
	{readmodel.ErrInvalidLimit, problem.InvalidParameter, "limit", limitDetail},
	{readmodel.ErrAhead, problem.InvalidToken, "", tokenDetail},
	{event.ErrForeignPosition, problem.InvalidToken, "", tokenDetail},
	{errNotConsistent, problem.NotYetConsistent, "", ""},
	{eventstore.ErrBusy, problem.StoreBusy, "", ""},
	{eventstore.ErrStoreClosed, problem.ShuttingDown, "", ""},
	{subscription.ErrEnded, problem.ShuttingDown, "", ""},
	{context.DeadlineExceeded, problem.DeadlineExceeded, "", ""},
	{context.Canceled, problem.DeadlineExceeded, "", ""}, // the client has gone and reads nothing
}

// currencyDetail lists the currencies.
func currencyDetail() string {
	var codes []string
	for _, c := range money.Currencies() {
		codes = append(codes, string(c))
	}
	return "It is one of " + strings.Join(codes, ", ") + "."
}
