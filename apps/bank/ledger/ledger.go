// Package ledger is where the accounts meet the event store: it names their events on the wire,
// executes commands on them, each once, and reads any state they ever had.
//
// [Ledger] is all that the rest of the bank uses to change something.
package ledger

import (
	"context"
	"time"

	"github.com/eventsource-go/eventsource/apps/bank/account"
	"github.com/eventsource-go/eventsource/core/aggregate"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// Config holds what a [Ledger] may be told. The zero value is ready to use.
type Config struct {
	// Now stamps what happens. Defaults to time.Now.
	Now func() time.Time

	// NewID returns the id of an account, or of a transfer, that is made without an
	// idempotency key. Defaults to 12 random letters and digits.
	NewID func() string
}

// Ledger is the accounts of the bank. It is safe for concurrent use.
type Ledger struct {
	store    eventstore.Streams
	accounts *Repository
	newID    func() string
}

// New returns the ledger that is kept in store.
func New(store eventstore.Streams, cfg Config) *Ledger {
	if cfg.NewID == nil {
		cfg.NewID = randomID
	}
	return &Ledger{
		store:    store,
		accounts: aggregate.NewRepository(store, Type, aggregate.Config{Now: cfg.Now}),
		newID:    cfg.NewID,
	}
}

// Receipt says what became of a command.
type Receipt struct {
	Account  string
	State    account.Account // as it was right after the command
	Version  event.Version
	Position event.Position // what a reader waits for to see the change
	Replayed bool           // it happened on an earlier call with this idempotency key
}

// Open opens an account. The key, if there is one, also decides on its id.
//
// Errors: those of [account.Open], inside of [aggregate.RejectedError], and see [Ledger.Deposit].
func (l *Ledger) Open(ctx context.Context, cmd account.Open, opts ...Option) (Receipt, error) {
	req := newRequest(opts)
	id := l.newID()
	if req.key != "" {
		id = derivedID("account", req.key)
	}
	return l.execute(ctx, l.accounts, id, cmd, account.Opened(cmd), req)
}

// Deposit puts money into an account.
//
// Errors: those of [account.Deposit], inside of [aggregate.RejectedError]; [ErrKeyReused],
// [ErrInvalidKey]; [eventstore.ConflictError] if an expected version is not the account's, or
// others were faster too often; those of [eventstore.Streams].
func (l *Ledger) Deposit(ctx context.Context, id string, cmd account.Deposit, opts ...Option) (Receipt, error) {
	return l.execute(ctx, l.accounts, id, cmd, account.Deposited(cmd), newRequest(opts))
}

// Withdraw takes money out of an account. Errors: as [Ledger.Deposit].
func (l *Ledger) Withdraw(ctx context.Context, id string, cmd account.Withdraw, opts ...Option) (Receipt, error) {
	return l.execute(ctx, l.accounts, id, cmd, account.Withdrawn(cmd), newRequest(opts))
}

// Freeze stops all money of an account. Errors: as [Ledger.Deposit].
func (l *Ledger) Freeze(ctx context.Context, id string, cmd account.Freeze, opts ...Option) (Receipt, error) {
	return l.execute(ctx, l.accounts, id, cmd, account.Frozen(cmd), newRequest(opts))
}

// Unfreeze lets the money of an account move again. Errors: as [Ledger.Deposit].
func (l *Ledger) Unfreeze(ctx context.Context, id string, cmd account.Unfreeze, opts ...Option) (Receipt, error) {
	return l.execute(ctx, l.accounts, id, cmd, account.Unfrozen(cmd), newRequest(opts))
}

// Close ends an account, and with it its stream: no program can append to it any more, whatever
// it thinks of the rules. Errors: as [Ledger.Deposit].
func (l *Ledger) Close(ctx context.Context, id string, cmd account.Close, opts ...Option) (Receipt, error) {
	return l.execute(ctx, l.accounts.WithStore(closing{l.store}), id, cmd, account.Closed(cmd), newRequest(opts))
}

// execute executes one command, of which becomes want. A key that was used for something else
// is told by what happened then.
func (l *Ledger) execute(ctx context.Context, accounts *Repository, id string, cmd aggregate.Command[account.Account, account.Event], want account.Event, req request) (Receipt, error) {
	if err := req.validate(); err != nil {
		return Receipt{}, err
	}
	res, err := accounts.Execute(ctx, id, cmd, req.options()...)
	if err != nil {
		return Receipt{}, err
	}
	if res.Replayed && (len(res.Events) != 1 || res.Events[0] != want) {
		return Receipt{}, &KeyReusedError{Account: id, Version: res.Version}
	}
	return receipt(id, res), nil
}

func receipt(id string, res aggregate.Result[account.Account, account.Event]) Receipt {
	return Receipt{Account: id, State: res.State, Version: res.Version, Position: res.Position, Replayed: res.Replayed}
}
