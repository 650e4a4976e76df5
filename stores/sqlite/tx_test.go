package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/stores/sqlite"
)

func TestInTxTellsWhoWaits(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "events.db"), sqlite.Config{WatchInterval: -1})
	appended := s.Appended()
	err := s.InTx(t.Context(), func(_ context.Context, _ bun.Tx, streams eventstore.Streams) error {
		mustAppend(t, streams, to(one, eventstore.NoStream, "a"))
		select {
		case <-appended:
			t.Error("told before the commit")
		default:
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-appended:
	default:
		t.Error("nobody was told")
	}
}

func TestWhatWouldWaitForItselfIsRefused(t *testing.T) {
	s, other := open(t, ":memory:", sqlite.Config{BusyTimeout: 50 * time.Millisecond}), open(t, ":memory:", sqlite.Config{})
	err := s.InTx(t.Context(), func(ctx context.Context, _ bun.Tx, _ eventstore.Streams) error {
		if _, err := s.Append(ctx, to(one, eventstore.Any, "a")); !errors.Is(err, sqlite.ErrInsideTx) {
			t.Errorf("append: %v", err)
		}
		nested := func(context.Context, bun.Tx, eventstore.Streams) error { return nil }
		if err := s.InTx(ctx, nested); !errors.Is(err, sqlite.ErrInsideTx) {
			t.Errorf("transaction: %v", err)
		}
		if err := s.Checkpoints().Save(ctx, "x", event.Cursor{}); !errors.Is(err, sqlite.ErrInsideTx) {
			t.Errorf("checkpoint: %v", err)
		}
		if err := other.InTx(ctx, nested); err != nil {
			t.Errorf("another store: %v", err)
		}
		// With another context it can't be told from another caller's.
		if _, err := s.Append(t.Context(), to(one, eventstore.Any, "a")); !errors.Is(err, eventstore.ErrBusy) {
			t.Errorf("append with another context: %v", err)
		}
		return nil
	})
	if err != nil || types(t, s, one) != "[]" {
		t.Errorf("%v, stored %s", err, types(t, s, one))
	}
}

func TestWithTxJoinsATransactionOfTheCaller(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.db")
	s, other := open(t, path, sqlite.Config{}), open(t, ":memory:", sqlite.Config{})
	raw, err := sql.Open("sqlite", "file:"+path+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	db := bun.NewDB(raw, sqlitedialect.New())
	begin := func() bun.Tx {
		t.Helper()
		tx, err := db.BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		return tx
	}
	tx := begin()
	mustAppend(t, s.WithTx(tx), to(one, eventstore.NoStream, "a"))
	if err := tx.Rollback(); err != nil || types(t, s, one) != "[]" {
		t.Errorf("rolled back, and stored %s, %v", types(t, s, one), err)
	}
	appended := s.Appended()
	tx = begin()
	mustAppend(t, s.WithTx(tx), to(one, eventstore.NoStream, "b"))
	if _, err := other.WithTx(tx).Append(t.Context(), to(one, eventstore.Any, "c")); !errors.Is(err, sqlite.ErrInvalidConfig) {
		t.Errorf("of another store: %v", err)
	}
	if _, err := eventstore.Collect(other.WithTx(tx).Read(t.Context(), one, eventstore.ReadQuery{})); !errors.Is(err, sqlite.ErrInvalidConfig) {
		t.Errorf("read of another store: %v", err)
	}
	if _, err := other.WithTx(tx).Lookup(t.Context(), event.NewID()); !errors.Is(err, sqlite.ErrInvalidConfig) {
		t.Errorf("look-up of another store: %v", err)
	}
	bound := s.WithTx(tx)
	if got := types(t, bound, one); got != "[b]" {
		t.Errorf("inside: %s", got)
	}
	if err := tx.Commit(); err != nil || types(t, s, one) != "[b]" {
		t.Errorf("committed, and stored %s, %v", types(t, s, one), err)
	}
	select {
	case <-appended:
	case <-t.Context().Done():
		t.Error("nobody was told")
	}
	if _, err := bound.Append(t.Context(), to(one, eventstore.Any, "late")); !errors.Is(err, sqlite.ErrTxEnded) {
		t.Errorf("after the end: %v", err)
	}
	if got := mustAppend(t, s, to(one, eventstore.Exactly(1), "d")); got[0].Version != 2 {
		t.Error(got)
	}
	// A transaction may end on the connection without database/sql knowing.
	tx = begin()
	if _, err := tx.Tx.ExecContext(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.WithTx(tx).Append(t.Context(), to(one, eventstore.Any, "late")); !errors.Is(err, sqlite.ErrTxEnded) {
		t.Errorf("after an end that nobody saw: %v", err)
	}
	_ = tx.Rollback()
}

func TestDBRefusesToWrite(t *testing.T) {
	s := open(t, ":memory:", sqlite.Config{})
	if _, err := s.DB().ExecContext(t.Context(), "DELETE FROM es_events"); err == nil {
		t.Error("the log was changed through the readers")
	}
}
