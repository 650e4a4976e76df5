package ledger

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/eventsource-go/eventsource/apps/bank/account"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// ErrNoVersion is matched by every [NoVersionError].
var ErrNoVersion = errors.New("account has no such version")

// NoVersionError reports a version that an account does not have, or not yet.
type NoVersionError struct {
	Account       string
	Asked, Actual event.Version
}

func (e *NoVersionError) Error() string {
	return fmt.Sprintf("%v: account %s is at version %d, not at %d", ErrNoVersion, e.Account, e.Actual, e.Asked)
}

// Is matches [ErrNoVersion].
func (e *NoVersionError) Is(target error) bool { return target == ErrNoVersion }

// Account returns an account as it is now. It is folded from its stream, so it is never behind.
//
// Errors: [account.ErrNotOpen], [event.ErrInvalidStream], those of [eventstore.Streams].
func (l *Ledger) Account(ctx context.Context, id string) (account.Account, event.Version, error) {
	return opened(l.accounts.Load(ctx, id))
}

// AccountAt returns an account as it was at version v.
// Errors: as [Ledger.Account], and [NoVersionError].
func (l *Ledger) AccountAt(ctx context.Context, id string, v event.Version) (account.Account, event.Version, error) {
	if v == 0 {
		return account.Account{}, 0, account.ErrNotOpen
	}
	a, actual, err := opened(l.accounts.LoadAt(ctx, id, v))
	if err == nil && actual < v {
		return account.Account{}, 0, &NoVersionError{Account: id, Asked: v, Actual: actual}
	}
	return a, actual, err
}

// AccountAsOf returns an account as it was at t. Errors: as [Ledger.Account].
func (l *Ledger) AccountAsOf(ctx context.Context, id string, t time.Time) (account.Account, event.Version, error) {
	return opened(l.accounts.LoadAsOf(ctx, id, t))
}

// History yields what happened to an account. An error is the last thing it yields; an account
// that was never opened has no history.
func (l *Ledger) History(ctx context.Context, id string, q eventstore.ReadQuery) iter.Seq2[Envelope, error] {
	return l.accounts.History(ctx, id, q)
}

func opened(a account.Account, v event.Version, err error) (account.Account, event.Version, error) {
	if err == nil && v == 0 {
		err = account.ErrNotOpen
	}
	return a, v, err
}
