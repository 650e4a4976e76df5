package postgres_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/stores/bunstore/migrate"
	"github.com/eventsource-go/eventsource/stores/postgres"
	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

// upTo returns the migrations as they were when there were n of them.
func upTo(n int) migrate.Set {
	set := postgres.Migrations
	set.Migrations = set.Migrations[:n]
	return set
}

// apply does to the database of s what the program did that knew this set alone.
func apply(t *testing.T, s *postgres.Store, set migrate.Set, schema string, then func(ctx context.Context, tx bun.Tx) error) {
	t.Helper()
	err := s.DB().RunInTx(t.Context(), &sql.TxOptions{}, func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.ExecContext(ctx, "CREATE SCHEMA IF NOT EXISTS ?0; SET LOCAL search_path TO ?0", bun.Ident(schema)); err != nil {
			return err
		}
		if err := set.Apply(ctx, tx); err != nil {
			return err
		}
		return then(ctx, tx)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Whichever version of the schema a database began with, it ends with that of a fresh one, and
// with the events that it got on the way.
func TestUpgradeEndsInAFreshSchema(t *testing.T) {
	fresh := postgrestest.Database(t)
	migrated(t, fresh, postgres.Config{})
	want := postgrestest.Dump(t, fresh, "--schema-only")
	if n := strings.Count(want, "CREATE TABLE"); n < 5 {
		t.Fatalf("%d tables in the dump:\n%s", n, want)
	}
	for first := 1; first < len(postgres.Migrations.Migrations); first++ {
		for _, cfg := range []postgres.Config{{Schema: "public", Prefix: "es_"}, {Schema: "shop", Prefix: "log_"}} {
			t.Run(fmt.Sprintf("from %d as %s.%s", first, cfg.Schema, cfg.Prefix), func(t *testing.T) {
				at := postgrestest.Database(t)
				s, err := postgres.Open(t.Context(), at, postgres.Config{Schema: cfg.Schema, Prefix: cfg.Prefix, ListenURL: "-"})
				if err != nil {
					t.Fatal(err)
				}
				defer s.Close()
				last := len(postgres.Migrations.Migrations)
				for n := first; n <= last; n++ {
					apply(t, s, upTo(n).WithPrefix(cfg.Prefix), cfg.Schema, func(ctx context.Context, tx bun.Tx) error { return storeByHand(ctx, tx, cfg.Prefix, n) })
				}
				if err := s.Migrate(t.Context()); err != nil { // there is nothing to do
					t.Fatal(err)
				}
				got := postgrestest.Dump(t, at, "--schema-only")
				if cfg.Schema != "public" {
					got = strings.ReplaceAll(got, "CREATE SCHEMA "+cfg.Schema+";\n", "")
					got = strings.ReplaceAll(got, "ALTER SCHEMA "+cfg.Schema+" OWNER TO postgres;\n", "")
					got = strings.ReplaceAll(got, "SET search_path TO '"+cfg.Schema+"'", "SET search_path TO 'public'")
					got = strings.ReplaceAll(strings.ReplaceAll(got, cfg.Schema+".", "public."), cfg.Prefix, "es_")
				}
				requireSame(t, got, want)
				page := wholePage(t, s)
				if len(page.Records) != last-first+1 {
					t.Errorf("%d records", len(page.Records))
				}
				for i, rec := range page.Records {
					if want := fmt.Sprintf(`{"after": %d}`, first+i); string(rec.Data) != want || rec.Version != 1 || rec.Stream != stream(fmt.Sprint(first+i)) {
						t.Errorf("record %d is %+v", i, rec)
					}
				}
				mustAppend(t, s, to(stream(fmt.Sprint(first)), eventstore.Exactly(1), "a"))
			})
		}
	}
}

// storeByHand appends as the first version of the program did.
func storeByHand(ctx context.Context, tx bun.Tx, prefix string, n int) error {
	if _, err := tx.ExecContext(ctx, `INSERT INTO ? (tenant, category, stream, version) VALUES ('', 'test', ?, 1)`, bun.Ident(prefix+"streams"), fmt.Sprint(n)); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO ? (event_id, tenant, category, stream, version, type, schema, occurred_at, recorded_at, data)
		VALUES (gen_random_uuid(), '', 'test', ?, 1, 'a', 1, now(), now(), ?)`, bun.Ident(prefix+"events"), fmt.Sprint(n), fmt.Sprintf(`{"after": %d}`, n))
	return err
}

// requireSame compares two texts line by line.
func requireSame(t *testing.T, got, want string) {
	t.Helper()
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(a), len(b)) {
		var has, wants string
		if i < len(a) {
			has = a[i]
		}
		if i < len(b) {
			wants = b[i]
		}
		if has != wants {
			t.Errorf("line %d of the dump is %q, want %q, in:\n%s", i+1, has, wants, got)
			return
		}
	}
}
