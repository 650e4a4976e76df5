package ledger_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/eventsource-go/eventsource/apps/bank/account"
	"github.com/eventsource-go/eventsource/apps/bank/ledger"
	"github.com/eventsource-go/eventsource/apps/bank/money"
	"github.com/eventsource-go/eventsource/apps/bank/transfer"
	"github.com/eventsource-go/eventsource/core/aggregate"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/memstore"
	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

func TestMain(m *testing.M) { os.Exit(postgrestest.Main(m.Run)) }

func eur(minor int64) money.Amount { return money.Amount{Minor: minor, Currency: money.EUR} }

// open opens an account with some money in it, and returns its id.
func open(t *testing.T, l *ledger.Ledger, balance int64) string {
	t.Helper()
	res, err := l.Open(t.Context(), account.Open{Owner: "Ann", Currency: money.EUR})
	if err != nil {
		t.Fatal(err)
	}
	if balance > 0 {
		if _, err := l.Deposit(t.Context(), res.Account, account.Deposit{Amount: eur(balance)}); err != nil {
			t.Fatal(err)
		}
	}
	return res.Account
}

func balance(t *testing.T, l *ledger.Ledger, id string) int64 {
	t.Helper()
	a, _, err := l.Account(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return a.Balance.Minor
}

func TestLifeOfAnAccount(t *testing.T) {
	ctx, store := t.Context(), memstore.New()
	l := ledger.New(store, ledger.Config{})
	id := open(t, l, 100)
	if _, err := l.Withdraw(ctx, id, account.Withdraw{Amount: eur(101)}); !errors.Is(err, account.ErrInsufficientFunds) || !errors.Is(err, aggregate.ErrRejected) {
		t.Error(err)
	}
	if res, err := l.Freeze(ctx, id, account.Freeze{Reason: "lost"}); err != nil || res.State.Status != account.StatusFrozen {
		t.Error(res, err)
	}
	if _, err := l.Withdraw(ctx, id, account.Withdraw{Amount: eur(1)}); !errors.Is(err, account.ErrFrozen) {
		t.Error(err)
	}
	if _, err := l.Unfreeze(ctx, id, account.Unfreeze{Reason: "found"}); err != nil {
		t.Error(err)
	}
	res, err := l.Withdraw(ctx, id, account.Withdraw{Amount: eur(100)})
	if err != nil || res.Version != 5 || res.Account != id || res.Replayed {
		t.Error(res, err)
	}
	if head, err := store.Head(ctx); err != nil || res.Position != head {
		t.Error(res.Position, head, err)
	}
	if _, err := l.Close(ctx, id, account.Close{}); err != nil {
		t.Error(err)
	}
	if _, err := l.Deposit(ctx, id, account.Deposit{Amount: eur(1)}); !errors.Is(err, account.ErrClosed) {
		t.Error(err)
	}
}

// A closed account takes nothing from a program that does not know the rules either.
func TestClosingEndsTheStream(t *testing.T) {
	ctx, store := t.Context(), memstore.New()
	l := ledger.New(store, ledger.Config{})
	id := open(t, l, 0)
	if _, err := l.Close(ctx, id, account.Close{Reason: "done"}, ledger.IdempotencyKey("k")); err != nil {
		t.Fatal(err)
	}
	draft, err := ledger.Events.Encode(ctx, event.Header{ID: event.NewID()}, account.Deposited{Amount: eur(1)})
	if err != nil {
		t.Fatal(err)
	}
	_, err = store.Append(ctx, eventstore.Append{
		Stream: event.StreamID{Category: ledger.Type.Name, ID: id},
		Expect: eventstore.Any, Events: []event.Draft{draft},
	})
	if !errors.Is(err, eventstore.ErrStreamClosed) {
		t.Error(err)
	}
	if res, err := l.Close(ctx, id, account.Close{Reason: "done"}, ledger.IdempotencyKey("k")); err != nil || !res.Replayed {
		t.Error(res, err)
	}
}

func TestIdempotencyKey(t *testing.T) {
	ctx := t.Context()
	l := ledger.New(memstore.New(), ledger.Config{})
	key := ledger.IdempotencyKey("request-1")
	first, err := l.Open(ctx, account.Open{Owner: "Ann", Currency: money.EUR}, key)
	if err != nil {
		t.Fatal(err)
	}
	again, err := l.Open(ctx, account.Open{Owner: "Ann", Currency: money.EUR}, key)
	if err != nil || again.Account != first.Account || !again.Replayed || again.Position != first.Position {
		t.Error(again, err)
	}
	id := first.Account
	for i := range 3 {
		// The key counts for one account, so that of its opening is another one.
		res, err := l.Deposit(ctx, id, account.Deposit{Amount: eur(5)}, ledger.IdempotencyKey("d"))
		if err != nil || res.Replayed != (i > 0) || res.Version != 2 {
			t.Error(res, err)
		}
	}
	for name, call := range map[string]func() (ledger.Receipt, error){
		"other owner": func() (ledger.Receipt, error) {
			return l.Open(ctx, account.Open{Owner: "Bob", Currency: money.EUR}, key)
		},
		"other amount": func() (ledger.Receipt, error) {
			return l.Deposit(ctx, id, account.Deposit{Amount: eur(6)}, ledger.IdempotencyKey("d"))
		},
		"other command": func() (ledger.Receipt, error) {
			return l.Withdraw(ctx, id, account.Withdraw{Amount: eur(5)}, ledger.IdempotencyKey("d"))
		},
	} {
		if _, err := call(); !errors.Is(err, ledger.ErrKeyReused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, bad := range []string{"two words", "\x00", "é", "\n", strings.Repeat("k", ledger.MaxKeyBytes+1)} {
		if _, err := l.Deposit(ctx, id, account.Deposit{Amount: eur(5)}, ledger.IdempotencyKey(bad)); !errors.Is(err, ledger.ErrInvalidKey) {
			t.Errorf("%q: %v", bad, err)
		}
		if _, err := l.Transfer(ctx, transfer.Transfer{From: id, To: "x", Amount: eur(5)}, ledger.IdempotencyKey(bad)); !errors.Is(err, ledger.ErrInvalidKey) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if b := balance(t, l, id); b != 5 {
		t.Error(b)
	}
}

func TestExpectVersion(t *testing.T) {
	ctx := t.Context()
	l := ledger.New(memstore.New(), ledger.Config{})
	id, other := open(t, l, 100), open(t, l, 0)
	for name, call := range map[string]func() error{
		"withdraw": func() error {
			_, err := l.Withdraw(ctx, id, account.Withdraw{Amount: eur(1)}, ledger.ExpectVersion(1))
			return err
		},
		"transfer": func() error {
			_, err := l.Transfer(ctx, transfer.Transfer{From: id, To: other, Amount: eur(1)}, ledger.ExpectVersion(1))
			return err
		},
	} {
		if conflict, ok := errors.AsType[*eventstore.ConflictError](call()); !ok || conflict.Actual != 2 {
			t.Errorf("%s: %v", name, conflict)
		}
	}
	if _, err := l.Transfer(ctx, transfer.Transfer{From: id, To: other, Amount: eur(1)}, ledger.ExpectVersion(2)); err != nil {
		t.Error(err)
	}
}

func TestTimeTravel(t *testing.T) {
	ctx := t.Context()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	l := ledger.New(memstore.New(), ledger.Config{Now: func() time.Time { return now }})
	id := open(t, l, 100)
	now = now.AddDate(0, 1, 0)
	if _, err := l.Withdraw(ctx, id, account.Withdraw{Amount: eur(30)}); err != nil {
		t.Fatal(err)
	}
	if a, v, err := l.AccountAsOf(ctx, id, now.Add(-time.Second)); err != nil || v != 2 || a.Balance != eur(100) {
		t.Error(a, v, err)
	}
	if a, v, err := l.AccountAt(ctx, id, 1); err != nil || v != 1 || !a.Balance.IsZero() {
		t.Error(a, v, err)
	}
	if _, _, err := l.AccountAt(ctx, id, 4); !errors.Is(err, ledger.ErrNoVersion) {
		t.Error(err)
	}
	for name, read := range map[string]func() (account.Account, event.Version, error){
		"at 0":        func() (account.Account, event.Version, error) { return l.AccountAt(ctx, id, 0) },
		"before":      func() (account.Account, event.Version, error) { return l.AccountAsOf(ctx, id, now.AddDate(-1, 0, 0)) },
		"never":       func() (account.Account, event.Version, error) { return l.Account(ctx, "nobody") },
		"never, at 1": func() (account.Account, event.Version, error) { return l.AccountAt(ctx, "nobody", 1) },
	} {
		if _, _, err := read(); !errors.Is(err, account.ErrNotOpen) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var versions []event.Version
	for env, err := range l.History(ctx, id, eventstore.ReadQuery{Backward: true, Limit: 2}) {
		if err != nil {
			t.Fatal(err)
		}
		versions = append(versions, env.Version)
	}
	if len(versions) != 2 || versions[0] != 3 {
		t.Error(versions)
	}
}

func TestMetadataReachesTheEvents(t *testing.T) {
	l := ledger.New(memstore.New(), ledger.Config{NewID: func() string { return "A1" }})
	ctx := event.WithActor(event.WithCorrelation(t.Context(), "c-1"), "teller")
	if _, err := l.Open(ctx, account.Open{Owner: "Ann", Currency: money.EUR}); err != nil {
		t.Fatal(err)
	}
	for env, err := range l.History(context.Background(), "A1", eventstore.ReadQuery{}) {
		if err != nil || env.Metadata.Actor != "teller" || env.Metadata.Correlation != "c-1" {
			t.Error(env.Metadata, err)
		}
	}
}
