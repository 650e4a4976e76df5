package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/stores/postgres"
	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

// login makes a user until the test ends, with what "CREATE ROLE … LOGIN" takes.
func login(t *testing.T, at, name, options string) {
	t.Helper()
	admin := postgrestest.Connect(t, at)
	if _, err := admin.Exec(t.Context(), "CREATE ROLE "+name+" LOGIN "+options); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := admin.Exec(context.WithoutCancel(t.Context()), "DROP OWNED BY "+name+"; DROP ROLE "+name); err != nil {
			t.Error(err)
		}
	})
}

func TestPasswords(t *testing.T) {
	const right, wrong = "c0rrect", "wr0ng"
	server := startServer(t, "password_encryption=scram-sha-256")
	login(t, server.URL, "clerk", "SUPERUSER PASSWORD '"+right+"'")
	admin := postgrestest.Connect(t, server.URL)
	var hba string
	if err := admin.QueryRow(t.Context(), "SHOW hba_file").Scan(&hba); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		"COPY (VALUES ('host all postgres 127.0.0.1/32 trust'), ('host postgres clerk 127.0.0.1/32 scram-sha-256')) TO '" + hba + "'",
		"SELECT pg_reload_conf()",
	} {
		if _, err := admin.Exec(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	for deadline := time.Now().Add(time.Minute); ; { // it is reloaded soon
		s, err := postgres.Open(t.Context(), as(t, server.URL, "clerk", wrong), postgres.Config{ListenURL: "-"})
		if err == nil && s.Close() == nil && time.Now().Before(deadline) {
			continue
		}
		requireTyped(t, "wrong password", err, postgres.ErrDenied, "28P01", wrong, right, "clerk")
		break
	}
	at := as(t, server.URL, "clerk", right)
	s := open(t, at, postgres.Config{})
	mustAppend(t, s, to(one, eventstore.NoStream, "a"))
	_, err := postgres.Open(t.Context(), strings.Replace(at, "/postgres?", "/template1?", 1), postgres.Config{})
	requireTyped(t, "a database that is not for everybody", err, postgres.ErrDenied, "28000", right, "clerk", "template1")
	_, err = postgres.Open(t.Context(), strings.Replace(at, "sslmode=disable", "sslmode=require", 1), postgres.Config{})
	requireTyped(t, "no TLS", err, postgres.ErrUnreachable, "", right)

	// Who may come once, and not any more.
	if _, err := admin.Exec(t.Context(), "ALTER ROLE clerk PASSWORD 'other'"); err != nil {
		t.Fatal(err)
	}
	if _, err := admin.Exec(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'clerk'"); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); ; { // of the pool's connections some may look as if they were there
		if _, err = s.Append(t.Context(), to(one, eventstore.Any, "b")); !errors.Is(err, postgres.ErrUnreachable) || time.Now().After(deadline) {
			break
		}
	}
	requireTyped(t, "append, with a password that was changed", err, postgres.ErrDenied, "28P01", right, "clerk")
	requireIdle(t, s)
}

// requireTyped fails unless err is an Error of a kind that says nothing it should not.
func requireTyped(t testing.TB, what string, err, kind error, code string, secrets ...string) {
	t.Helper()
	typed, ok := errors.AsType[*postgres.Error](err)
	if !ok || !errors.Is(err, kind) || typed.Code != code || typed.Op == "" {
		t.Errorf("%s: %v; want %v, code %q", what, err, kind, code)
		return
	}
	for _, secret := range secrets {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("%s: the text holds %q: %v", what, secret, err)
		}
	}
}

func TestTooManyConnections(t *testing.T) {
	at := postgrestest.Database(t)
	const name = "es_few"
	login(t, at, name, "CONNECTION LIMIT 2 PASSWORD 's3cret'")
	migrated(t, at, postgres.Config{})
	grant(t, at, postgres.Config{}, postgres.Roles{Owner: "es_few_owner", Writer: "es_few_writer", Reader: "es_few_reader"})
	admin := postgrestest.Connect(t, at)
	if _, err := admin.Exec(t.Context(), "GRANT es_few_writer TO "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := admin.Exec(context.WithoutCancel(t.Context()), "DROP OWNED BY es_few_owner, es_few_writer, es_few_reader; DROP ROLE es_few_owner, es_few_writer, es_few_reader"); err != nil {
			t.Error(err)
		}
	})
	few := as(t, at, name, "s3cret")
	s := openAs(t, few, postgres.Config{ListenURL: "-"})
	holding := []bun.Tx{begin(t, s), begin(t, s)}
	_, err := s.Append(t.Context(), to(one, eventstore.Any, "a"))
	requireTyped(t, "append", err, eventstore.ErrBusy, "53300", "s3cret", name)
	_, err = s.Page(t.Context(), eventstore.FeedQuery{})
	requireTyped(t, "page", err, eventstore.ErrBusy, "53300", "s3cret", name)
	err = s.InTx(t.Context(), func(context.Context, bun.Tx, eventstore.Streams) error { return nil })
	requireTyped(t, "transaction", err, eventstore.ErrBusy, "53300", "s3cret", name)
	_, err = postgres.Open(t.Context(), few, postgres.Config{})
	requireTyped(t, "open", err, eventstore.ErrBusy, "53300", "s3cret", name)
	for _, tx := range holding {
		end(t, tx.Rollback)
	}
	mustAppend(t, s, to(one, eventstore.NoStream, "a"))
	requireIdle(t, s)
}

// Whoever configures names gets them checked before they are a part of SQL.
func TestNamesThatAreSQL(t *testing.T) {
	at := postgrestest.Database(t)
	for _, name := range []string{
		`x"; DROP TABLE es_events; --`, "x'", "x y", "x;", "x\x00", "x\\", "$1", "?", "{events}", "ä", "X", "1x", "public.x", "pg_temp", "pg_catalog", strings.Repeat("x", 32), "-", "x--", "/*",
	} {
		for what, cfg := range map[string]postgres.Config{"schema": {Schema: name}, "prefix": {Prefix: name}} {
			s, err := postgres.Open(t.Context(), at, cfg)
			if !errors.Is(err, postgres.ErrInvalidConfig) || !strings.Contains(fmt.Sprint(err), what) {
				t.Errorf("%s %q: %v", what, name, err)
			}
			if s != nil {
				_ = s.Close()
			}
		}
	}
	// Words of SQL are names like others.
	s := open(t, at, postgres.Config{Schema: "select", Prefix: "table"})
	mustAppend(t, s, to(one, eventstore.NoStream, "a"))
	mustAppend(t, s, to(one, eventstore.Any, "a"), to(two, eventstore.Any, "a"))
	page := requirePage(t, s, 3, false)
	if err := s.Checkpoints().Save(t.Context(), "x", page.Next); err != nil {
		t.Error(err)
	}
	if err := s.CheckSchema(t.Context()); err != nil {
		t.Error(err)
	}
}
