package postgres_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/eventstore/eventstoretest"
	"github.com/eventsource-go/eventsource/stores/postgres"
)

// beginOwn begins a transaction of the caller's, and binds the store to it.
func beginOwn(tb testing.TB, s eventstore.Store) eventstoretest.Tx {
	tb.Helper()
	store := s.(interface {
		DB() *bun.DB
		WithTx(tx bun.Tx) eventstore.Streams
	})
	tx, err := store.DB().BeginTx(context.WithoutCancel(tb.Context()), nil)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = tx.Rollback() })
	return eventstoretest.Tx{Streams: store.WithTx(tx), Write: elsewhere(tx), Commit: tx.Commit, Rollback: tx.Rollback}
}

// elsewhere writes to a table that has nothing to do with events.
func elsewhere(tx bun.Tx) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO elsewhere DEFAULT VALUES")
		return err
	}
}

var errRolledBack = errors.New("rolled back")

// beginInTx begins a transaction of the store's own, and holds it open.
func beginInTx(tb testing.TB, s eventstore.Store) eventstoretest.Tx {
	tb.Helper()
	ctx := context.WithoutCancel(tb.Context())
	begun, how, ended := make(chan eventstoretest.Tx, 1), make(chan error, 1), make(chan error, 1)
	go func() {
		ended <- s.(*postgres.Store).InTx(ctx, func(_ context.Context, tx bun.Tx, streams eventstore.Streams) error {
			begun <- eventstoretest.Tx{Streams: streams, Write: elsewhere(tx)}
			return <-how
		})
	}()
	var tx eventstoretest.Tx
	select {
	case tx = <-begun:
	case err := <-ended:
		tb.Fatal(err)
	}
	open := true
	end := func(by error) error {
		if !open {
			return nil
		}
		open = false
		how <- by
		if err := <-ended; !errors.Is(err, by) {
			return err
		}
		return nil
	}
	tx.Commit = func() error { return end(nil) }
	tx.Rollback = func() error { return end(errRolledBack) }
	tb.Cleanup(func() { _ = tx.Rollback() })
	return tx
}

// TestConformanceInTx runs what a transaction promises once more, in the store's own. To the feed
// all transactions are the same.
func TestConformanceInTx(t *testing.T) {
	var f databases
	features := f.features()
	features.Begin = beginInTx
	ran := 0
	for _, c := range eventstoretest.Cases(features) {
		if strings.HasPrefix(c.Name, "Tx/") || c.Name == "Interleaved/TwoInEachOrder" || c.Name == "Interleaved/FeedKeepsStreamOrder" {
			ran++
			t.Run(c.Name, func(t *testing.T) {
				t.Parallel()
				c.Run(t, f.opener)
			})
		}
	}
	if ran < 10 {
		t.Errorf("%d cases", ran)
	}
}
