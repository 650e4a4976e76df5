package postgres_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/core/checkpoint"
	"github.com/eventsource-go/eventsource/core/checkpoint/checkpointtest"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/eventstore/eventstoretest"
	"github.com/eventsource-go/eventsource/stores/bunstore/bunstoretest"
	"github.com/eventsource-go/eventsource/stores/postgres"
	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

// startPooler starts one before the server of a URL, until the test ends.
func startPooler(t testing.TB, to string, settings ...string) *postgrestest.Pooler {
	t.Helper()
	p, err := postgrestest.StartPooler(t.Context(), to, settings...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Remove(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// through returns what leads through the pooler to the database of a URL.
func through(t testing.TB, p *postgrestest.Pooler, of string) string {
	t.Helper()
	url, err := p.URL(of)
	if err != nil {
		t.Fatal(err)
	}
	return url
}

// Every suite passes through a pooler that gives each transaction another session, and nothing
// has to be said but where to listen. Logs are in schemas of one database, and share its sessions.
func TestConformanceThroughAPooler(t *testing.T) {
	direct := postgrestest.Database(t)
	p := startPooler(t, direct)
	pooled := through(t, p, direct)
	var f databases
	var logs atomic.Int64
	open := func(tb testing.TB, cfg postgres.Config) *postgres.Store {
		tb.Helper()
		cfg.ListenURL, cfg.Schema = direct, fmt.Sprintf("log%d", logs.Add(1))
		return f.openAt(tb, opened{pooled, cfg})
	}
	t.Run("eventstore", func(t *testing.T) {
		eventstoretest.Run(t, func(tb testing.TB, opts eventstoretest.Options) eventstore.Store {
			tb.Helper()
			return open(tb, postgres.Config{Policy: opts.Policy, Now: opts.Now})
		}, eventstoretest.Features{
			Notify: true, Close: true,
			Second: func(tb testing.TB, s eventstore.Store) eventstore.Store {
				tb.Helper()
				return f.again(tb, s.(*postgres.Store))
			},
			Reopen: func(tb testing.TB, s eventstore.Store) eventstore.Store {
				tb.Helper()
				return f.reopen(tb, s.(*postgres.Store))
			},
		})
	})
	t.Run("checkpoint", func(t *testing.T) {
		checkpointtest.Run(t, func(tb testing.TB) checkpoint.Store {
			tb.Helper()
			return open(tb, postgres.Config{}).Checkpoints()
		}, checkpointtest.Features{})
	})
	t.Run("bunstore", func(t *testing.T) {
		bunstoretest.Run(t, func(tb testing.TB) bunstoretest.Store { // whose tables have no schema
			tb.Helper()
			own := postgrestest.Database(tb)
			return f.openAt(tb, opened{through(tb, p, own), postgres.Config{ListenURL: own}})
		})
	})
}

// Whoever did not know of the pooler is told, and what was appended is found all the same.
func TestPoolerThatNobodySpokeOf(t *testing.T) {
	direct := postgrestest.Database(t)
	pooled := through(t, startPooler(t, direct), direct)
	const setting = "ListenURL = leads to a pooler in transaction mode"
	if set := requireProblems(t, pooled); !set.Pooler { // with ListenURL "-", nobody is to listen
		t.Errorf("%+v", set)
	}
	if set := requireProblems(t, pooled+"&default_query_exec_mode=cache_statement", "default_query_exec_mode = cache_statement"); !set.Pooler {
		t.Errorf("%+v", set)
	}
	for _, listen := range []string{"", pooled} {
		if _, err := postgres.Open(t.Context(), pooled, postgres.Config{ListenURL: listen, Strict: true}); !errors.Is(err, postgres.ErrSettings) || !strings.Contains(err.Error(), setting) {
			t.Errorf("strict, listening at %q: %v", listen, err)
		}
		var log bytes.Buffer
		s := open(t, pooled, postgres.Config{ListenURL: listen, Log: slog.New(slog.NewTextHandler(&log, nil))})
		if !strings.Contains(log.String(), "setting=ListenURL") {
			t.Errorf("listening at %q, the log says %s", listen, log.String())
		}
		mustAppend(t, open(t, direct, postgres.Config{}), to(stream("by another, listening at "+listen), eventstore.Any, "a"))
		if page, err := s.Page(t.Context(), eventstore.FeedQuery{}); err != nil || len(page.Records) == 0 {
			t.Errorf("%d records, %v", len(page.Records), err)
		}
	}
	if n := listeners(t, direct); n != 2 { // those of the stores that came directly
		t.Errorf("%d sessions listen", n)
	}
}

func listeners(t testing.TB, url string) (n int) {
	t.Helper()
	err := postgrestest.Connect(t, url).QueryRow(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()").Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// A pooler that lends a session for as long as the connection lasts is as good as none.
func TestPoolerInSessionMode(t *testing.T) {
	direct := postgrestest.Database(t)
	pooled := through(t, startPooler(t, direct, "pool_mode=session"), direct)
	if set := requireProblems(t, pooled); set.Pooler {
		t.Errorf("%+v", set)
	}
	s, other := open(t, pooled, postgres.Config{Strict: true}), open(t, direct, postgres.Config{})
	appended := s.Appended()
	mustAppend(t, other, to(one, eventstore.Any, "a"))
	select {
	case <-appended:
	case <-time.After(30 * time.Second):
		t.Error("it was not told")
	}
}

// A pooler that has no session left for a second look is not one that shares, as far as can be said.
func TestPoolerWithoutASessionToSpare(t *testing.T) {
	direct := postgrestest.Database(t)
	pooled := through(t, startPooler(t, direct, "pool_mode=session", "default_pool_size=2"), direct)
	s, err := postgres.Open(t.Context(), pooled+"&pool_max_conns=1", postgres.Config{Strict: true, ListenURL: "-"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// What is local to a transaction works, because a transaction has one session: locks, savepoints,
// settings. Many at once wait for their turn.
func TestTransactionsThroughAPooler(t *testing.T) {
	direct := postgrestest.Database(t)
	s := open(t, through(t, startPooler(t, direct, "default_pool_size=2"), direct), postgres.Config{ListenURL: direct, Strict: true})
	exec(t, s.DB(), "CREATE TABLE counts (n int)")
	const callers, calls = 8, 10
	var wg sync.WaitGroup
	for caller := range callers {
		wg.Go(func() {
			for range calls {
				err := s.InTx(t.Context(), func(ctx context.Context, tx bun.Tx, streams eventstore.Streams) error {
					if _, err := tx.ExecContext(ctx, "SET LOCAL work_mem = '1MB'; SELECT pg_advisory_xact_lock(7)"); err != nil {
						return err
					}
					if _, err := streams.Append(ctx, to(one, eventstore.Exactly(1<<20), "x")); !errors.Is(err, eventstore.ErrConflict) {
						t.Errorf("conflict: %v", err)
					}
					if _, err := streams.Append(ctx, to(one, eventstore.Any, "a"), to(two, eventstore.Any, "a")); err != nil {
						return err
					}
					var memory string
					if err := tx.QueryRowContext(ctx, "SHOW work_mem").Scan(&memory); err != nil || memory != "1MB" {
						t.Errorf("work_mem is %s, %v", memory, err)
					}
					_, err := tx.ExecContext(ctx, "INSERT INTO counts VALUES (1)")
					return err
				})
				if err != nil {
					t.Errorf("caller %d: %v", caller, err)
					return
				}
			}
		})
	}
	wg.Wait()
	for _, of := range []string{types(t, s, one), types(t, s, two)} {
		if n := strings.Count(of, "a"); n != callers*calls {
			t.Errorf("%d events", n)
		}
	}
}
