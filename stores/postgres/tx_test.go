package postgres_test

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/stores/postgres"
	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

func TestInTxTellsWhoWaits(t *testing.T) {
	s := open(t, postgrestest.Database(t), postgres.Config{ListenURL: "-"})
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

func TestWhatMayWaitForItselfIsRefused(t *testing.T) {
	s, other := open(t, postgrestest.Database(t), postgres.Config{}), open(t, postgrestest.Database(t), postgres.Config{})
	err := s.InTx(t.Context(), func(ctx context.Context, _ bun.Tx, _ eventstore.Streams) error {
		if _, err := s.Append(ctx, to(one, eventstore.Any, "a")); !errors.Is(err, postgres.ErrInsideTx) {
			t.Errorf("append: %v", err)
		}
		nested := func(context.Context, bun.Tx, eventstore.Streams) error { return nil }
		if err := s.InTx(ctx, nested); !errors.Is(err, postgres.ErrInsideTx) {
			t.Errorf("transaction: %v", err)
		}
		if err := s.Checkpoints().Save(ctx, "x", event.Cursor{}); !errors.Is(err, postgres.ErrInsideTx) {
			t.Errorf("checkpoint: %v", err)
		}
		return other.InTx(ctx, nested)
	})
	if err != nil || types(t, s, one) != "[]" {
		t.Errorf("%v, stored %s", err, types(t, s, one))
	}
}

func TestWithTxJoinsATransactionOfTheCaller(t *testing.T) {
	s, other := open(t, postgrestest.Database(t), postgres.Config{}), open(t, postgrestest.Database(t), postgres.Config{Schema: "elsewhere"})
	tx := begin(t, s)
	mustAppend(t, s.WithTx(tx), to(one, eventstore.NoStream, "a"))
	end(t, tx.Rollback)
	if types(t, s, one) != "[]" {
		t.Errorf("rolled back, and stored %s", types(t, s, one))
	}
	tx = begin(t, s)
	mustAppend(t, s.WithTx(tx), to(one, eventstore.NoStream, "b"))
	if _, err := other.WithTx(tx).Append(t.Context(), to(one, eventstore.Any, "c")); !errors.Is(err, postgres.ErrInvalidConfig) {
		t.Errorf("of another store: %v", err)
	}
	end(t, tx.Commit)
	if types(t, s, one) != "[b]" {
		t.Errorf("committed, and stored %s", types(t, s, one))
	}
	if _, err := s.WithTx(tx).Append(t.Context(), to(one, eventstore.Any, "c")); !errors.Is(err, sql.ErrTxDone) {
		t.Errorf("after its end: %v", err)
	}
	if got := mustAppend(t, s, to(one, eventstore.Exactly(1), "d")); got[0].Version != 2 {
		t.Error(got)
	}
}

// In a stricter transaction a lost race can't be told from the inside: its snapshot is too old.
func TestLostRaceInAStricterTransaction(t *testing.T) {
	for _, level := range []sql.IsolationLevel{sql.LevelRepeatableRead, sql.LevelSerializable} {
		s := open(t, postgrestest.Database(t), postgres.Config{})
		mustAppend(t, s, to(one, eventstore.NoStream, "a"))
		for _, a := range []eventstore.Append{to(one, eventstore.Exactly(1), "x"), to(one, eventstore.Any, "x"), to(two, eventstore.NoStream, "x"), to(two, eventstore.Any, "x")} {
			tx, err := s.DB().BeginTx(t.Context(), &sql.TxOptions{Isolation: level})
			if err != nil {
				t.Fatal(err)
			}
			exec(t, tx, "SELECT FROM es_streams") // takes the snapshot
			mustAppend(t, s, to(a.Stream, eventstore.Any, "y"))
			if _, err := s.WithTx(tx).Append(t.Context(), a); !errors.Is(err, postgres.ErrSerialization) {
				t.Errorf("%v, expecting %v: %v", level, a.Expect, err)
			}
			end(t, tx.Rollback)
		}
	}
}

func TestInTxRunsAgainWhatLostARace(t *testing.T) {
	s := open(t, postgrestest.Database(t)+"&default_transaction_isolation=serializable", postgres.Config{})
	mustAppend(t, s, to(one, eventstore.NoStream, "a"))
	tries := 0
	err := s.InTx(t.Context(), func(ctx context.Context, tx bun.Tx, streams eventstore.Streams) error {
		if _, err := tx.ExecContext(ctx, "SELECT FROM es_streams"); err != nil {
			return err
		}
		if tries++; tries == 1 {
			mustAppend(t, s, to(one, eventstore.Any, "b")) // not with ctx: as somebody else
		}
		_, err := streams.Append(ctx, to(one, eventstore.Any, "c"))
		return err
	})
	if err != nil || tries != 2 || types(t, s, one) != "[a b c]" {
		t.Errorf("%d tries, stored %s, %v", tries, types(t, s, one), err)
	}
	var wg sync.WaitGroup // appends outside of transactions meet the same level
	for range 4 {
		wg.Go(func() {
			for range 10 {
				if _, err := s.Append(t.Context(), to(one, eventstore.Any, "d")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func TestAppendOfAnotherProcessIsTold(t *testing.T) {
	at := postgrestest.Database(t)
	s, other := open(t, at, postgres.Config{}), open(t, at, postgres.Config{})
	deaf := open(t, at, postgres.Config{ListenURL: "-"})
	unheard := deaf.Appended()
	for range 20 {
		appended := s.Appended()
		mustAppend(t, other, to(one, eventstore.Any, "a"))
		select {
		case <-appended:
		case <-time.After(10 * time.Second):
			t.Fatal("nobody was told")
		}
	}
	select {
	case <-unheard:
		t.Error("told who does not listen")
	default:
	}
	if _, err := s.DB().ExecContext(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()"); err != nil {
		t.Fatal(err)
	}
	select { // of what it may have missed
	case <-s.Appended():
	case <-time.After(10 * time.Second):
		t.Fatal("it does not listen again")
	}
}
