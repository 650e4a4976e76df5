package database_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventsource-go/eventsource/apps/bank/account"
	"github.com/eventsource-go/eventsource/apps/bank/banktest"
	"github.com/eventsource-go/eventsource/apps/bank/database"
	"github.com/eventsource-go/eventsource/apps/bank/ledger"
	"github.com/eventsource-go/eventsource/apps/bank/money"
	"github.com/eventsource-go/eventsource/apps/bank/readmodel"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/stores/postgres"
	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
	"github.com/eventsource-go/eventsource/stores/sqlite"
)

func TestMain(m *testing.M) { os.Exit(postgrestest.Main(m.Run)) }

func TestAddresses(t *testing.T) {
	for address, onServer := range map[string]bool{
		":memory:": false, "bank.db": false, "/var/lib/bank.db": false, `C:\bank\bank.db`: false, "postgres.db": false, "a/b://c.db": false, "odd=name.db": false,
		"postgres://host/bank": true, "postgresql://host/bank": true, "postgres://u:p@a:1,b:2/bank?sslmode=require&pool_max_conns=9": true, "postgres:///bank?host=/run/postgresql": true,
	} {
		if got := database.OnServer(address); got != onServer || database.CheckAddress(address) != nil {
			t.Errorf("%s: %t, %v", address, got, database.CheckAddress(address))
		}
	}
	for address, want := range map[string]error{
		"": database.ErrNotAnAddress, "a\x00b": database.ErrNotAnAddress, "mysql://u:s3cret@host/bank": database.ErrNotAnAddress, "POSTGRES://host/bank": database.ErrNotAnAddress,
		"host=db password=s3cret": database.ErrWords, "dbname=bank": database.ErrWords, "HOST = db PASSWORD = s3cret": database.ErrWords,
		"postgres:/u:s3cret@host/db": database.ErrNotAnAddress, "PostgreSQL:u@host": database.ErrNotAnAddress, "u:s3cret@host/db": database.ErrNotAnAddress,
		"postgres://u:s3cret@host:port/bank": database.ErrMalformedURL, "postgres://u:s3cret@host/bank?sslmode=loud": database.ErrMalformedURL,
	} {
		if err := database.CheckAddress(address); !errors.Is(err, want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q: %v", address, err)
		}
	}
}

func TestRedacted(t *testing.T) {
	for address, want := range map[string]string{
		"/var/lib/bank.db":                           "/var/lib/bank.db",
		"postgres://db/bank":                         "postgres://db/bank",
		"postgres://bank:secret@db/bank?pass=s3":     "postgres://bank:xxxxx@db/bank?…",
		"postgres://bank:sec\x7fret@db/%zz":          "(not shown)",
		"postgres://bank:sec/ret@db/bank":            "(not shown)", // where "sec" is the port
		"postgres://bank:1/secret@db/bank":           "(not shown)",
		"postgres://bank:1#secret@db/bank":           "(not shown)",
		"postgres://bank:1?secret@db/bank":           "(not shown)",
		"postgres://bank:secret@with@db/bank":        "postgres://bank:xxxxx@db/bank",
		"postgres://bank:secret@a:1,b:2/bank":        "postgres://bank:xxxxx@a:1,b:2/bank",
		"postgres:///bank?host=/run&password=secret": "postgres:///bank?…",
	} {
		if got := database.Redacted(address); got != want {
			t.Errorf("%q is shown as %q", address, got)
		}
	}
}

func TestDurability(t *testing.T) {
	for address, want := range map[string]string{database.InMemory: "nothing", postgrestest.Database(t): "a killed server process and a power failure"} {
		b := banktest.Open(t, address, ledger.Config{})
		if got, err := database.Durability(t.Context(), b.Store); err != nil || !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q, %v", address, got, err)
		}
	}
	if _, err := database.Durability(t.Context(), nil); err == nil {
		t.Error("of nothing")
	}
}

func TestCantOpen(t *testing.T) {
	db, err := database.Open(t.Context(), "postgres://127.0.0.1:1/bank", sqlite.Config{}, postgres.Config{})
	if db != nil || !errors.Is(err, postgres.ErrUnreachable) {
		t.Error(db, err)
	}
	if db, err = database.Open(t.Context(), t.TempDir(), sqlite.Config{}, postgres.Config{}); db != nil || !errors.Is(err, sqlite.ErrCantOpen) {
		t.Error(db, err)
	}
}

func TestUnavailable(t *testing.T) {
	code := func(code string) error { return &pgconn.PgError{Code: code} }
	for _, err := range []error{
		eventstore.ErrBusy, postgres.ErrUnreachable, postgres.ErrReadOnly, &postgres.OutcomeUnknownError{}, sqlite.ErrFull, code("57P01"), code("08006"), code("53300"), code("25006"), code("40001"),
	} {
		if !database.Unavailable(fmt.Errorf("doing something: %w", err)) {
			t.Errorf("%v may not pass", err)
		}
	}
	for _, err := range []error{nil, errors.New("boom"), sql.ErrNoRows, readmodel.ErrNotFound, eventstore.ErrConflict, eventstore.ErrStoreClosed, code("42601"), code("23505"), code("")} {
		if database.Unavailable(err) {
			t.Errorf("%v may pass", err)
		}
	}
}

// Whatever is asked of a server that is not there any more is found to be unavailable, and works
// again when the server does.
func TestServerGoesAway(t *testing.T) {
	server, err := postgrestest.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Remove(); err != nil {
			t.Error(err)
		}
	})
	b := banktest.Open(t, server.URL, ledger.Config{})
	id := b.OpenAccount("Ann", 100)
	ask := map[string]func(context.Context) error{
		"accounts": func(ctx context.Context) error {
			_, err := b.Reader.Accounts(ctx, readmodel.AccountsQuery{})
			return err
		},
		"account": func(ctx context.Context) error {
			if _, err := b.Reader.Account(ctx, id); !errors.Is(err, readmodel.ErrNotFound) { // nothing runs that would add it
				return err
			}
			return nil
		},
		"totals": func(ctx context.Context) error { _, err := b.Reader.Totals(ctx); return err },
		"ledger": func(ctx context.Context) error { _, _, err := b.Ledger.Account(ctx, id); return err },
		"deposit": func(ctx context.Context) error {
			_, err := b.Ledger.Deposit(ctx, id, account.Deposit{Amount: money.Amount{Minor: 1, Currency: money.EUR}})
			return err
		},
		"head":     func(ctx context.Context) error { _, err := b.Store.Head(ctx); return err },
		"position": func(ctx context.Context) error { _, err := b.Store.Checkpoints().Load(ctx, readmodel.Name); return err },
		"schema":   func(ctx context.Context) error { return database.Check(ctx, b.Store) },
		"prepare":  func(ctx context.Context) error { return database.Prepare(ctx, b.Store) },
	}
	for name, fn := range ask {
		if err := fn(t.Context()); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	if err := server.Kill(); err != nil {
		t.Fatal(err)
	}
	for range 3 { // on connections that were there, and on new ones
		for name, fn := range ask {
			if err := fn(t.Context()); !database.Unavailable(err) {
				t.Errorf("%s without a server: %#v", name, err)
			}
		}
	}
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, fn := range ask {
		if err := fn(t.Context()); err != nil {
			t.Errorf("%s afterwards: %v", name, err)
		}
	}
}

// A reply that is lost in the middle is no other matter.
func TestRepliesAreLost(t *testing.T) {
	proxy := postgrestest.NewProxy(t, postgrestest.Database(t))
	b := banktest.Open(t, proxy.URL, ledger.Config{})
	for range 5 {
		proxy.LoseReplies(1)
		if _, err := b.Reader.Accounts(t.Context(), readmodel.AccountsQuery{}); err == nil || !database.Unavailable(err) {
			t.Errorf("%#v", err)
		}
	}
}
