package httpapi_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/eventsource-go/eventsource/apps/bank/account"
	"github.com/eventsource-go/eventsource/apps/bank/httpapi"
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
	"github.com/eventsource-go/eventsource/stores/sqlite"
)

func TestExplain(t *testing.T) {
	stream := event.StreamID{Category: "account", ID: "A"}
	rejected := func(reason error) error { return &aggregate.RejectedError{Stream: stream, Reason: reason} }
	for _, c := range []struct {
		err  error
		want problem.Details
	}{
		{rejected(account.ErrNotOpen), problem.Details{Kind: problem.AccountNotFound, Account: "A"}},
		{account.ErrNotOpen, problem.Details{Kind: problem.AccountNotFound}},
		{readmodel.ErrNotFound, problem.Details{Kind: problem.AccountNotFound}},
		{event.ErrInvalidStream, problem.Details{Kind: problem.AccountNotFound}},
		{rejected(account.ErrAlreadyOpen), problem.Details{Kind: problem.AlreadyOpen, Account: "A"}},
		{rejected(account.ErrClosed), problem.Details{Kind: problem.AccountClosed, Account: "A"}},
		{&eventstore.StreamClosedError{Stream: stream}, problem.Details{Kind: problem.AccountClosed}},
		{rejected(account.ErrFrozen), problem.Details{Kind: problem.AccountFrozen, Account: "A"}},
		{rejected(account.ErrNotFrozen), problem.Details{Kind: problem.AccountNotFrozen, Account: "A"}},
		{rejected(account.ErrNotEmpty), problem.Details{Kind: problem.AccountNotEmpty, Account: "A"}},
		{rejected(&account.InsufficientFundsError{}), problem.Details{Kind: problem.InsufficientFunds, Account: "A"}},
		{rejected(account.ErrNotPositive), problem.Details{Kind: problem.InvalidValue, Field: "amount", Detail: "The amount is more than 0.", Account: "A"}},
		{rejected(&account.InvalidTextError{Field: "reason", Reason: "missing"}), problem.Details{Kind: problem.InvalidValue, Field: "reason", Detail: "missing"}},
		{rejected(&money.CurrencyMismatchError{}), problem.Details{Kind: problem.CurrencyMismatch, Field: "currency", Account: "A"}},
		{rejected(money.ErrOverflow), problem.Details{Kind: problem.BalanceOutOfRange, Field: "amount", Account: "A"}},
		{money.ErrOverflow, problem.Details{Kind: problem.InvalidValue, Field: "amount", Detail: "out of range"}},
		{money.ErrUnknownCurrency, problem.Details{Kind: problem.InvalidValue, Field: "currency", Detail: "It is one of CHF, EUR, GBP, JPY, KWD, USD."}},
		{&money.MalformedAmountError{Reason: "no"}, problem.Details{Kind: problem.InvalidValue, Field: "amount", Detail: "no"}},
		{transfer.ErrSameAccount, problem.Details{Kind: problem.SameAccount, Field: "to"}},
		{transfer.ErrIncomplete, problem.Details{Kind: problem.InvalidValue, Detail: "A transfer names both accounts, from and to."}},
		{&ledger.KeyReusedError{}, problem.Details{Kind: problem.KeyReused, Field: "Idempotency-Key"}},
		{ledger.ErrInvalidKey, problem.Details{Kind: problem.InvalidParameter, Field: "Idempotency-Key", Detail: "It is one key of 1 to 128 visible ASCII characters."}},
		{&ledger.NoVersionError{}, problem.Details{Kind: problem.VersionNotFound, Field: "asOf"}},
		{readmodel.ErrInvalidCursor, problem.Details{Kind: problem.InvalidParameter, Field: "cursor", Detail: "It is the next of the page before, of the same list."}},
		{readmodel.ErrInvalidLimit, problem.Details{Kind: problem.InvalidParameter, Field: "limit", Detail: "It is 1 to 200."}},
		{&eventstore.ConflictError{Stream: stream}, problem.Details{Kind: problem.Conflict, Account: "A", RetryAfter: 1}},
		{eventstore.ErrBusy, problem.Details{Kind: problem.StoreBusy, RetryAfter: 1}},
		{eventstore.ErrStoreClosed, problem.Details{Kind: problem.ShuttingDown, RetryAfter: 1}},
		{subscription.ErrEnded, problem.Details{Kind: problem.ShuttingDown, RetryAfter: 1}},
		{&event.ForeignPositionError{}, problem.Details{Kind: problem.InvalidToken, Detail: "It is the Consistency-Token of one answer of this bank."}},
		{readmodel.ErrAhead, problem.Details{Kind: problem.InvalidToken, Detail: "It is the Consistency-Token of one answer of this bank."}},
		{context.DeadlineExceeded, problem.Details{Kind: problem.DeadlineExceeded, RetryAfter: 1}},
		{&http.MaxBytesError{}, problem.Details{Kind: problem.TooLarge}},
	} {
		got, known := httpapi.Explain(fmt.Errorf("doing something: %w", c.err))
		if got != c.want || !known {
			t.Errorf("%v is %+v, %t, want %+v", c.err, got, known, c.want)
		}
	}
	// What the store can't do at the moment is said, and logged.
	for _, c := range []struct {
		err    error
		detail string
	}{
		{postgres.ErrUnreachable, ""},
		{sqlite.ErrFull, ""},
		{errors.Join(context.DeadlineExceeded, &postgres.OutcomeUnknownError{}), "It is not known whether it happened. Send it again with the same Idempotency-Key, if it had one."},
	} {
		got, known := httpapi.Explain(fmt.Errorf("doing something: %w", c.err))
		if want := (problem.Details{Kind: problem.StoreUnavailable, Detail: c.detail, RetryAfter: 1}); got != want || known {
			t.Errorf("%v is %+v, %t, want %+v", c.err, got, known, want)
		}
	}
	// What means nothing to a client says nothing to a client.
	if got, known := httpapi.Explain(errors.New("disk 7 is on fire")); got != (problem.Details{Kind: problem.Internal}) || known {
		t.Error(got, known)
	}
}

// The document lists every kind of problem.
func TestKindsAreDocumented(t *testing.T) {
	c := readContract(t)
	schema, _ := c.resolve(map[string]any{"$ref": "#/components/schemas/Problem"}, "")
	var documented, want []string
	for _, uri := range schema["properties"].(map[string]any)["type"].(map[string]any)["enum"].([]any) {
		documented = append(documented, uri.(string))
	}
	for _, k := range problem.Kinds() {
		want = append(want, k.URI())
	}
	slices.Sort(want)
	if !slices.Equal(documented, want) {
		t.Errorf("documented are %q, want %q", documented, want)
	}
}
