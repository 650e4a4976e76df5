package twin_test

import (
	"context"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/memstore"
	"github.com/eventsource-go/eventsource/stores/postgres"
	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
	"github.com/eventsource-go/eventsource/stores/sqlite"
)

// policies are what the stores of a tape may be told to accept.
var policies = []eventstore.Policy{
	{},
	{MaxEventBytes: 60, MaxAppendEvents: 5, MaxAppendBytes: 150},
	{RequireTenant: true},
}

// clock is what all stores stamp with. It stands still until it is moved.
type clock struct{ nanoseconds atomic.Int64 }

func (c *clock) now() time.Time {
	return time.Unix(0, c.nanoseconds.Load()).In(time.FixedZone("", 7200))
}

func (c *clock) set(t time.Time) { c.nanoseconds.Store(t.UnixNano()) }

// sqlStore is what the stores have in common that keep their events in SQL.
type sqlStore interface {
	eventstore.Store
	DB() *bun.DB
	Close() error
	InTx(ctx context.Context, fn func(ctx context.Context, tx bun.Tx, streams eventstore.Streams) error) error
}

// stores are one memory, one file and one database, each opened once for each policy.
type stores struct {
	clock  clock
	opened map[string][]sqlStore // by kind and policy
	open   map[string]func(policy int) (sqlStore, error)
}

func openStores(t *testing.T) *stores {
	t.Helper()
	s := &stores{opened: make(map[string][]sqlStore)}
	path, url := filepath.Join(t.TempDir(), "events.db"), postgrestest.Database(t)
	s.open = map[string]func(policy int) (sqlStore, error){
		"SQLite": func(policy int) (sqlStore, error) {
			store, err := sqlite.Open(t.Context(), path, sqlite.Config{Policy: policies[policy], Synchronous: sqlite.Normal, Now: s.clock.now})
			if err != nil {
				return nil, err
			}
			return store, store.Migrate(t.Context())
		},
		// Nothing here is to survive a crash, and not to wait for the disk makes ten times as many tapes.
		"PostgreSQL": func(policy int) (sqlStore, error) {
			store, err := postgres.Open(t.Context(), url+"&synchronous_commit=off", postgres.Config{Policy: policies[policy], Now: s.clock.now})
			if err != nil {
				return nil, err
			}
			return store, store.Migrate(t.Context())
		},
	}
	for kind, open := range s.open {
		for policy := range policies {
			store, err := open(policy)
			if err != nil {
				t.Fatal(err)
			}
			s.opened[kind] = append(s.opened[kind], store)
		}
	}
	t.Cleanup(func() {
		for kind := range s.opened {
			for _, store := range s.opened[kind] {
				if err := store.Close(); err != nil {
					t.Error(err)
				}
			}
		}
	})
	return s
}

// sides returns the three stores, empty, with one of the policies.
func (s *stores) sides(ctx context.Context, policy int) (*clock, []*side, error) {
	sides := []*side{{name: "memory", isMemory: true, store: memstore.NewWith(memstore.Config{Policy: policies[policy], Now: s.clock.now})}}
	for _, kind := range []string{"SQLite", "PostgreSQL"} {
		sd := &side{name: kind, store: s.opened[kind][policy]}
		sd.reopen = func() error { return s.reopen(kind, policy, sd) }
		sd.inTx = func(ctx context.Context, _ bool, fn func(ctx context.Context, streams eventstore.Streams) error) error {
			return s.opened[kind][policy].InTx(ctx, func(ctx context.Context, _ bun.Tx, streams eventstore.Streams) error { return fn(ctx, streams) })
		}
		sides = append(sides, sd)
		if err := s.empty(ctx, kind, s.opened[kind][policy]); err != nil {
			return nil, nil, err
		}
	}
	return &s.clock, sides, nil
}

// empty deletes what the tape before left. The positions of PostgreSQL go on from there.
func (s *stores) empty(ctx context.Context, kind string, store sqlStore) error {
	if kind == "PostgreSQL" {
		_, err := store.DB().ExecContext(ctx, "DELETE FROM es_events; DELETE FROM es_streams")
		return err
	}
	return store.InTx(ctx, func(ctx context.Context, tx bun.Tx, _ eventstore.Streams) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM es_events; DELETE FROM es_streams")
		return err
	})
}

func (s *stores) reopen(kind string, policy int, sd *side) error {
	if err := s.opened[kind][policy].Close(); err != nil {
		return err
	}
	store, err := s.open[kind](policy)
	if err != nil {
		return err
	}
	s.opened[kind][policy], sd.store = store, store
	return nil
}
