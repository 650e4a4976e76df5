// Package banktest starts the bank without its server, for tests: a store, the read models, and
// what runs between the two.
package banktest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/eventsource-go/eventsource/apps/bank/account"
	"github.com/eventsource-go/eventsource/apps/bank/database"
	"github.com/eventsource-go/eventsource/apps/bank/ledger"
	"github.com/eventsource-go/eventsource/apps/bank/live"
	"github.com/eventsource-go/eventsource/apps/bank/money"
	"github.com/eventsource-go/eventsource/apps/bank/readmodel"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/subscription"
	"github.com/eventsource-go/eventsource/stores/postgres"
	"github.com/eventsource-go/eventsource/stores/sqlite"
)

// Bank is a bank at work, until the test ends.
type Bank struct {
	Store  database.Database
	Ledger *ledger.Ledger
	Reader *readmodel.Reader
	Live   *live.Broadcaster
	Group  *subscription.Group
	Waiter *readmodel.Waiter

	tb       testing.TB
	patience time.Duration // of CatchUp
}

// Start starts a bank that keeps nothing.
func Start(tb testing.TB, cfg ledger.Config) *Bank {
	tb.Helper()
	return StartAt(tb, database.InMemory, cfg)
}

// StartAt starts a bank in the database at an address.
func StartAt(tb testing.TB, address string, cfg ledger.Config) *Bank {
	tb.Helper()
	b := Open(tb, address, cfg)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Group.Run(ctx) }()
	tb.Cleanup(func() {
		cancel()
		if err := <-done; err != nil && !errors.Is(err, eventstore.ErrStoreClosed) { // which a test may have done
			tb.Error(err)
		}
	})
	return b
}

// Open opens a bank in the database at an address, and runs nothing.
func Open(tb testing.TB, address string, cfg ledger.Config) *Bank {
	tb.Helper()
	ctx := context.Background()
	store, err := database.Open(ctx, address, sqlite.Config{}, postgres.Config{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := store.Close(); err != nil {
			tb.Error(err)
		}
	})
	if err := database.Migrate(ctx, store); err != nil {
		tb.Fatal(err)
	}
	b := &Bank{
		Store: store, Ledger: ledger.New(store, cfg), Reader: readmodel.NewReader(store),
		Live: new(live.Broadcaster), tb: tb, patience: 30 * time.Second,
	}
	b.Group, err = subscription.NewGroup(store, subscription.Config{},
		readmodel.NewSubscription(store), live.NewSubscription(store, b.Live))
	if err != nil {
		tb.Fatal(err)
	}
	b.Waiter = readmodel.NewWaiter(store, b.Group)
	return b
}

// OpenAccount opens an account in euros with some cents in it, and returns its id.
func (b *Bank) OpenAccount(owner string, balance int64) string {
	b.tb.Helper()
	ctx := context.Background()
	res, err := b.Ledger.Open(ctx, account.Open{Owner: owner, Currency: money.EUR})
	if err != nil {
		b.tb.Fatal(err)
	}
	if balance > 0 {
		if _, err := b.Ledger.Deposit(ctx, res.Account, account.Deposit{Amount: EUR(balance)}); err != nil {
			b.tb.Fatal(err)
		}
	}
	return res.Account
}

// CatchUp waits until the read models show everything there is. If they don't within half a
// minute, the test fails.
func (b *Bank) CatchUp() {
	b.tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), b.patience)
	defer cancel()
	head, err := b.Store.Head(ctx)
	if err == nil {
		err = b.Waiter.Await(ctx, head)
	}
	if err != nil {
		b.tb.Fatal(fmt.Errorf("read models do not catch up: %w", err))
	}
}

// EUR is so many cents.
func EUR(cents int64) money.Amount { return money.Amount{Minor: cents, Currency: money.EUR} }
