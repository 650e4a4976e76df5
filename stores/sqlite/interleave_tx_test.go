package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"

	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/eventstore/eventstoretest"
	"github.com/eventsource-go/eventsource/stores/sqlite"
)

// withTable returns s with a table beside those of the events.
func withTable(tb testing.TB, s *sqlite.Store) *sqlite.Store {
	tb.Helper()
	err := s.InTx(tb.Context(), func(ctx context.Context, tx bun.Tx, _ eventstore.Streams) error {
		_, err := tx.ExecContext(ctx, "CREATE TABLE elsewhere (n int)")
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// elsewhere writes to a table that has nothing to do with events.
func elsewhere(tx bun.Tx) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO elsewhere DEFAULT VALUES")
		return err
	}
}

// begin begins a transaction of the caller's, on a connection of its own, and binds s to it.
func (f *files) begin(tb testing.TB, s *sqlite.Store) eventstoretest.Tx {
	tb.Helper()
	o, _ := f.opened.Load(s)
	raw, err := sql.Open("sqlite", "file:"+o.(opened).path+"?_txlock=immediate")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = raw.Close() })
	tx, err := bun.NewDB(raw, sqlitedialect.New()).BeginTx(context.WithoutCancel(tb.Context()), nil)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = tx.Rollback() })
	return eventstoretest.Tx{Streams: s.WithTx(tx), Write: elsewhere(tx), Commit: tx.Commit, Rollback: tx.Rollback}
}

var errRolledBack = errors.New("rolled back")

// beginInTx begins a transaction of the store's own, and holds it open.
func beginInTx(tb testing.TB, s eventstore.Store) eventstoretest.Tx {
	tb.Helper()
	ctx := context.WithoutCancel(tb.Context())
	begun, how, ended := make(chan eventstoretest.Tx, 1), make(chan error, 1), make(chan error, 1)
	go func() {
		ended <- s.(*sqlite.Store).InTx(ctx, func(_ context.Context, tx bun.Tx, streams eventstore.Streams) error {
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
