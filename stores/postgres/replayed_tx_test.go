package postgres_test

import (
	"context"
	"database/sql"
	"errors"
	"testing"

	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/stores/postgres"
	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

// What was stored before proves nothing of a transaction that sent it again.
func TestReplayIsNoProofOfALostCommit(t *testing.T) {
	s := open(t, postgrestest.Database(t), postgres.Config{ListenURL: "-"})
	before := to(one, eventstore.NoStream, "a")
	mustAppend(t, s, before)
	err := s.InTx(t.Context(), func(ctx context.Context, tx bun.Tx, streams eventstore.Streams) error {
		if _, err := streams.Append(ctx, before); err != nil {
			return err
		}
		if _, err := streams.Append(ctx, to(two, eventstore.NoStream, "b")); err != nil {
			return err
		}
		var pid int
		if err := tx.QueryRow("SELECT pg_backend_pid()").Scan(&pid); err != nil {
			return err
		}
		_, err := s.DB().ExecContext(context.WithoutCancel(ctx), "SELECT pg_terminate_backend(?, 10000)", pid)
		return err
	})
	if got := types(t, s, two); got != "[]" || err == nil {
		t.Errorf("told %v, stored are %s", err, got)
	}
}

// A transaction whose snapshot is older than what is in its way can't be told what that is.
func TestOldSnapshotsLoseTheRace(t *testing.T) {
	s := open(t, postgrestest.Database(t), postgres.Config{ListenURL: "-"})
	a := to(two, eventstore.Any, "a")
	runs := 0
	repeatable := func(ctx context.Context) error {
		return s.DB().RunInTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead}, func(ctx context.Context, tx bun.Tx) error {
			if runs++; runs > 1 {
				_, err := s.WithTx(tx).Append(ctx, a)
				return err
			}
			var n int
			if err := tx.QueryRowContext(ctx, "SELECT 1").Scan(&n); err != nil { // takes the snapshot
				return err
			}
			first := a
			first.Stream = one
			mustAppend(t, s, first)
			_, err := s.WithTx(tx).Append(ctx, a)
			return err
		})
	}
	if err := repeatable(t.Context()); !errors.Is(err, postgres.ErrSerialization) {
		t.Errorf("told %v", err)
	}
	if err := repeatable(t.Context()); !errors.Is(err, eventstore.ErrDuplicateEvent) {
		t.Errorf("in a new snapshot: %v", err)
	}
}
