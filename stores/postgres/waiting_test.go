package postgres_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/stores/postgres"
	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

// calls are what may have to wait, each of which would change or read something.
func calls(s *postgres.Store) map[string]func(ctx context.Context) error {
	return map[string]func(ctx context.Context) error{
		"append": func(ctx context.Context) error { _, err := s.Append(ctx, to(one, eventstore.Any, "x")); return err },
		"several": func(ctx context.Context) error {
			_, err := s.Append(ctx, to(two, eventstore.Any, "x"), to(one, eventstore.Any, "x", "x"))
			return err
		},
		"read": func(ctx context.Context) error {
			_, err := eventstore.Collect(s.Read(ctx, one, eventstore.ReadQuery{}))
			return err
		},
		"page": func(ctx context.Context) error { _, err := s.Page(ctx, eventstore.FeedQuery{}); return err },
		"filtered": func(ctx context.Context) error {
			_, err := s.Page(ctx, eventstore.FeedQuery{Types: []string{"a"}})
			return err
		},
		"head":    func(ctx context.Context) error { _, err := s.Head(ctx); return err },
		"look up": func(ctx context.Context) error { _, err := s.Lookup(ctx, event.NewID()); return err },
		"transaction": func(ctx context.Context) error {
			return s.InTx(ctx, func(ctx context.Context, tx bun.Tx, streams eventstore.Streams) error {
				_, err := streams.Append(ctx, to(one, eventstore.Any, "x"))
				return err
			})
		},
		"schema":   s.CheckSchema,
		"settings": func(ctx context.Context) error { _, err := s.Settings(ctx); return err },
	}
}

// requireGivesUp fails unless a call that waits ends with its context, in each of the ways in
// which that can be done, and does not say that anybody else is to blame.
func requireGivesUp(t *testing.T, name string, call func(ctx context.Context) error) {
	t.Helper()
	for _, want := range []error{context.DeadlineExceeded, context.Canceled} {
		ctx, cancel := context.WithCancel(t.Context())
		if want == context.DeadlineExceeded {
			ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
		} else {
			time.AfterFunc(50*time.Millisecond, cancel)
		}
		err := call(ctx)
		cancel()
		if !errors.Is(err, want) || errors.Is(err, postgres.ErrUnreachable) || errors.Is(err, postgres.ErrOutcomeUnknown) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
}

func TestWaitingForAConnectionEndsWithTheContext(t *testing.T) {
	s := open(t, postgrestest.Database(t)+"&pool_max_conns=1", postgres.Config{ListenURL: "-"})
	holding := begin(t, s)
	for name, call := range calls(s) {
		requireGivesUp(t, name, call)
	}
	end(t, holding.Rollback)
	requireIdle(t, s)
	if n := len(wholePage(t, s).Records); n != 0 {
		t.Errorf("%d events are stored", n)
	}
}

func TestWaitingForALockEndsWithTheContext(t *testing.T) {
	at := postgrestest.Database(t)
	s, admin := open(t, at, postgres.Config{ListenURL: "-"}), open(t, at, postgres.Config{ListenURL: "-"})
	mustAppend(t, s, to(one, eventstore.Any, "a"))
	locking := begin(t, admin)
	exec(t, locking, "LOCK TABLE es_events, es_streams IN ACCESS EXCLUSIVE MODE")
	for name, call := range calls(s) {
		switch name {
		case "schema", "settings": // read no event
		default:
			requireGivesUp(t, name, call)
		}
	}
	requireIdle(t, s)
	// Not even the lock may be waited for any more.
	for deadline := time.Now().Add(30 * time.Second); ; {
		var waiting int
		if err := locking.QueryRowContext(t.Context(), "SELECT count(*) FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())").Scan(&waiting); err != nil {
			t.Fatal(err)
		}
		if waiting == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d still wait", waiting)
		}
	}
	end(t, locking.Rollback)
	if got := types(t, s, one); got != "[a]" {
		t.Errorf("stored %s", got)
	}
	for name, call := range calls(s) {
		if err := call(t.Context()); err != nil {
			t.Errorf("%s, afterwards: %v", name, err)
		}
	}
}

// A commit can wait, too: here for what a deferred trigger does.
func TestWaitingForACommitEndsWithTheContext(t *testing.T) {
	at := postgrestest.Database(t)
	s, other := open(t, at, postgres.Config{}), open(t, at, postgres.Config{})
	exec(t, s.DB(), `CREATE TABLE slow (n int);
CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NULL; END';
CREATE CONSTRAINT TRIGGER wait AFTER INSERT ON slow DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION wait()`)
	locking := begin(t, other)
	exec(t, locking, "SELECT pg_advisory_xact_lock(1)")
	reached := 0
	call := func(ctx context.Context) error {
		return s.InTx(ctx, func(ctx context.Context, tx bun.Tx, streams eventstore.Streams) error {
			if _, err := streams.Append(context.WithoutCancel(ctx), to(one, eventstore.Any, "a")); err != nil {
				return err
			}
			_, err := tx.ExecContext(context.WithoutCancel(ctx), "INSERT INTO slow VALUES (1)")
			reached++
			return err
		})
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := call(ctx); err == nil || errors.Is(err, postgres.ErrOutcomeUnknown) || errors.Is(err, postgres.ErrUnreachable) {
		t.Errorf("commit: %v", err)
	}
	requireIdle(t, s)
	if got := types(t, s, one); got != "[]" || reached != 1 {
		t.Errorf("stored %s, in %d tries", got, reached)
	}
	end(t, locking.Rollback)
	if err := call(t.Context()); err != nil || types(t, s, one) != "[a]" {
		t.Errorf("afterwards: %v, stored %s", err, types(t, s, one))
	}
}

// Timeouts of the server end a call as well, and say which it was.
func TestTimeoutsOfTheServer(t *testing.T) {
	at := postgrestest.Database(t)
	patient := open(t, at, postgres.Config{})
	mustAppend(t, patient, to(one, eventstore.Any, "a"))
	holding := begin(t, patient)
	mustAppend(t, patient.WithTx(holding), to(one, eventstore.Any, "held"))
	for option, want := range map[string]struct {
		kind error
		code string
	}{
		"lock_timeout=300":      {eventstore.ErrBusy, "55P03"},
		"statement_timeout=300": {postgres.ErrTimeout, "57014"},
	} {
		s, err := postgres.Open(t.Context(), at+"&"+option, postgres.Config{ListenURL: "-"})
		if err != nil {
			t.Fatal(err)
		}
		for name, call := range calls(s) {
			if name == "append" || name == "several" || name == "transaction" { // which want the stream's row
				requireTyped(t, option+", "+name, call(t.Context()), want.kind, want.code)
			} else if err := call(t.Context()); err != nil {
				t.Errorf("%s, %s: %v", option, name, err)
			}
		}
		requireIdle(t, s)
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	end(t, holding.Rollback)
	if got := types(t, patient, one) + types(t, patient, two); got != "[a][]" {
		t.Errorf("stored %s", got)
	}
}

// A transaction that its owner forgot is ended by the server: nothing of it is stored.
func TestForgottenTransaction(t *testing.T) {
	at := postgrestest.Database(t)
	watch := postgrestest.Connect(t, at)
	s := open(t, at+"&idle_in_transaction_session_timeout=200&application_name=forgetful", postgres.Config{ListenURL: "-"})
	gone := func() {
		t.Helper()
		for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
			var n int
			if err := watch.QueryRow(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'forgetful' AND state LIKE 'idle in transaction%' AND datname = current_database()").Scan(&n); err != nil {
				t.Fatal(err)
			}
			if n == 0 {
				return
			}
			if time.Now().After(deadline) {
				t.Fatal("the server does not end it")
			}
		}
	}
	for name, then := range map[string]func(ctx context.Context, streams eventstore.Streams) error{
		"commits": func(context.Context, eventstore.Streams) error { return nil },
		"appends": func(ctx context.Context, streams eventstore.Streams) error {
			_, err := streams.Append(ctx, to(two, eventstore.Any, "b"))
			return err
		},
	} {
		err := s.InTx(t.Context(), func(ctx context.Context, _ bun.Tx, streams eventstore.Streams) error {
			mustAppend(t, streams, to(one, eventstore.Any, "a"))
			gone()
			return then(ctx, streams)
		})
		// The driver may find a closed connection before it has read why it was closed.
		if !errors.Is(err, postgres.ErrTimeout) && !errors.Is(err, postgres.ErrUnreachable) && !errors.Is(err, postgres.ErrOutcomeUnknown) || strings.Contains(err.Error(), "terminating") {
			t.Errorf("%s: %v", name, err)
		}
	}
	requireIdle(t, s)
	if got := types(t, s, one) + types(t, s, two); got != "[][]" {
		t.Errorf("stored %s", got)
	}
	mustAppend(t, s, to(one, eventstore.NoStream, "a"))
}
