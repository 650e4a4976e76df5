package chaos_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/e2e/supervisor"
	"github.com/eventsource-go/eventsource/stores/postgres"
)

// A server that is frozen gets what is sent to it, and does it when it goes on. Callers who do not
// wait for that must not be told that nothing is stored.
func TestCallersWhoLeaveAFrozenServer(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	store := openStore(t, server.URL)
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	appendFrozen := func(ctx context.Context, freeze func() error, appends ...eventstore.Append) error {
		if err := freeze(); err != nil {
			return err
		}
		_, err := store.Append(ctx, appends...)
		return err
	}
	commitFrozen := func(ctx context.Context, freeze func() error, appends ...eventstore.Append) error {
		return store.InTx(ctx, func(ctx context.Context, _ bun.Tx, streams eventstore.Streams) error {
			if _, err := streams.Append(ctx, appends...); err != nil {
				return err
			}
			return freeze()
		})
	}
	beginFrozen := func(ctx context.Context, freeze func() error, appends ...eventstore.Append) error {
		if err := freeze(); err != nil {
			return err
		}
		return store.InTx(ctx, func(ctx context.Context, _ bun.Tx, streams eventstore.Streams) error {
			_, err := streams.Append(ctx, appends...)
			return err
		})
	}
	for name, c := range map[string]struct {
		send    func(ctx context.Context, freeze func() error, appends ...eventstore.Append) error
		appends []eventstore.Append
		unknown bool
	}{
		"Append":         {appendFrozen, []eventstore.Append{fresh(eventstore.NoStream, 1)}, true},
		"Append several": {appendFrozen, []eventstore.Append{fresh(eventstore.NoStream, 1), fresh(eventstore.NoStream, 2)}, true},
		"InTx begins":    {beginFrozen, []eventstore.Append{fresh(eventstore.NoStream, 2)}, false},
		"InTx commits":   {commitFrozen, []eventstore.Append{fresh(eventstore.NoStream, 2)}, true},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := store.Append(t.Context(), fresh(eventstore.NoStream, 1)); err != nil { // there is a connection
				t.Fatal(err)
			}
			var err error
			frozen := false
			for within := time.Second; !frozen; within *= 2 { // until what comes before that is quick enough
				ctx, leave := context.WithTimeout(t.Context(), within)
				err = c.send(ctx, func() error {
					frozen = true
					return server.Freeze()
				}, c.appends...)
				leave()
			}
			if err := server.Thaw(); err != nil {
				t.Fatal(err)
			}
			t.Logf("told: %v", err)
			if err == nil {
				t.Fatal("a frozen server has answered")
			}
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("not that the caller left: %v", err)
			}
			if errors.Is(err, postgres.ErrOutcomeUnknown) != c.unknown {
				t.Errorf("outcome unknown is to be %t: %v", c.unknown, err)
			}
			if err := supervisor.Poll(t.Context(), patience, func(ctx context.Context) error { // all is decided
				var busy int
				err := store.DB().QueryRowContext(ctx, `SELECT count(*) FROM pg_stat_activity
						WHERE datname = current_database() AND pid <> pg_backend_pid() AND (state <> 'idle' OR xact_start IS NOT NULL)`).Scan(&busy)
				if err == nil && busy > 0 {
					err = fmt.Errorf("%d connections are busy", busy)
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
			var stored int
			for _, a := range c.appends {
				records, err := eventstore.Collect(store.Read(t.Context(), a.Stream, eventstore.ReadQuery{}))
				if err != nil {
					t.Fatal(err)
				}
				stored += len(records)
			}
			if stored > 0 && !c.unknown {
				t.Errorf("%d events are there, and nobody said that they might", stored)
			}
		})
	}
}
