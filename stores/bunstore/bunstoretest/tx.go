package bunstoretest

import (
	"context"
	"errors"
	"testing"

	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/core/eventstore"
)

func inTxCommits(t testing.TB, s Store) {
	createNotes(t, s)
	inTx(t, s, func(ctx context.Context, tx bun.Tx, streams eventstore.Streams) error {
		if err := write(ctx, tx, "1", "a"); err != nil {
			return err
		}
		mustAppend(t, streams, to(one, eventstore.NoStream, said{"a"}))
		if inside, outside := count(t, streams, one), count(t, s, one); inside != 1 || outside != 0 {
			t.Errorf("before the commit %d events inside, %d outside", inside, outside)
		}
		return nil
	})
	if notes(t, s) != "[a]" || count(t, s, one) != 1 {
		t.Errorf("notes %s, %d events", notes(t, s), count(t, s, one))
	}
}

// writeBoth writes a note and an event.
func writeBoth(ctx context.Context, t testing.TB, tx bun.Tx, streams eventstore.Streams) {
	t.Helper()
	if err := write(ctx, tx, "1", "a"); err != nil {
		t.Error(err)
	}
	mustAppend(t, streams, to(one, eventstore.NoStream, said{"a"}))
}

func nothingLeft(t testing.TB, s Store) {
	t.Helper()
	if notes(t, s) != "[]" || count(t, s, one) != 0 {
		t.Errorf("it left notes %s, %d events", notes(t, s), count(t, s, one))
	}
	mustAppend(t, s, to(two, eventstore.Any, said{"b"})) // the store works on
}

func inTxError(t testing.TB, s Store) {
	createNotes(t, s)
	boom := errors.New("boom")
	err := s.InTx(t.Context(), func(ctx context.Context, tx bun.Tx, streams eventstore.Streams) error {
		writeBoth(ctx, t, tx, streams)
		return boom
	})
	if err != boom {
		t.Errorf("returned %v", err)
	}
	nothingLeft(t, s)
}

func inTxPanic(t testing.TB, s Store) {
	createNotes(t, s)
	func() {
		defer func() {
			if recover() != "boom" {
				t.Error("the panic was swallowed")
			}
		}()
		_ = s.InTx(t.Context(), func(ctx context.Context, tx bun.Tx, streams eventstore.Streams) error {
			writeBoth(ctx, t, tx, streams)
			panic("boom")
		})
	}()
	nothingLeft(t, s)
}

func inTxCanceled(t testing.TB, s Store) {
	createNotes(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	err := s.InTx(ctx, func(ctx context.Context, tx bun.Tx, streams eventstore.Streams) error {
		writeBoth(ctx, t, tx, streams)
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("returned %v", err)
	}
	nothingLeft(t, s)
}

func inTxRefused(t testing.TB, s Store) {
	createNotes(t, s)
	stored := to(one, eventstore.NoStream, said{"a"})
	mustAppend(t, s, stored)
	inTx(t, s, func(ctx context.Context, tx bun.Tx, streams eventstore.Streams) error {
		if err := write(ctx, tx, "1", "a"); err != nil {
			return err
		}
		if _, err := streams.Append(ctx, to(two, eventstore.NoStream, said{"b"}), to(one, eventstore.NoStream, said{"b"})); !errors.Is(err, eventstore.ErrConflict) {
			t.Errorf("conflict in the second stream: %v", err)
		}
		if n := count(t, streams, two); n != 0 {
			t.Errorf("half of it was stored: %d events", n)
		}
		taken := to(two, eventstore.Any, said{"b"}, said{"c"})
		taken.Events[1].ID = stored.Events[0].ID
		if _, err := streams.Append(ctx, taken); !errors.Is(err, eventstore.ErrDuplicateEvent) {
			t.Errorf("a taken id: %v", err)
		}
		if got := mustAppend(t, streams, stored)[0]; !got.Replayed || got.Version != 1 {
			t.Errorf("sent again: %+v", got)
		}
		mustAppend(t, streams, to(two, eventstore.NoStream, said{"d"}))
		return nil
	})
	if notes(t, s) != "[a]" || count(t, s, one) != 1 || count(t, s, two) != 1 {
		t.Errorf("notes %s, %d and %d events", notes(t, s), count(t, s, one), count(t, s, two))
	}
}

func inTxEnded(t testing.TB, s Store) {
	createNotes(t, s)
	err := s.InTx(t.Context(), func(_ context.Context, tx bun.Tx, streams eventstore.Streams) error {
		if err := tx.Rollback(); err != nil {
			t.Error(err)
		}
		_, err := streams.Append(t.Context(), to(one, eventstore.Any, said{"a"}))
		return err
	})
	if err == nil {
		t.Error("it appended")
	}
	nothingLeft(t, s)
}
