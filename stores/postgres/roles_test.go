package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/subscription"
	"github.com/eventsource-go/eventsource/stores/bunstore"
	"github.com/eventsource-go/eventsource/stores/postgres"
	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

// withRoles returns the URLs of the logins of a log's owner, writer and reader.
func withRoles(t *testing.T, at string, cfg postgres.Config, roles postgres.Roles) (owner, writer, reader string) {
	t.Helper()
	admin := postgrestest.Connect(t, at)
	migrated(t, at, cfg)
	grant(t, at, cfg, roles)
	grant(t, at, cfg, roles) // the second time changes nothing
	for _, text := range []string{"CREATE TABLE counts (n int)", "INSERT INTO counts VALUES (0)", "GRANT SELECT, UPDATE ON counts TO " + pgx.Identifier{roles.Writer}.Sanitize()} {
		if _, err := admin.Exec(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	login := func(role string) string {
		t.Helper()
		name := "login_" + strings.ToLower(strings.ReplaceAll(role, "-", "_"))
		if _, err := admin.Exec(t.Context(), fmt.Sprintf(`CREATE ROLE %s LOGIN PASSWORD 'secret' IN ROLE %s`, name, pgx.Identifier{role}.Sanitize())); err != nil {
			t.Fatal(err)
		}
		return as(t, at, name, "secret")
	}
	return login(roles.Owner), login(roles.Writer), login(roles.Reader)
}

// grant gives the roles what they need, as who runs the server does.
func grant(t testing.TB, at string, cfg postgres.Config, roles postgres.Roles) {
	t.Helper()
	text, err := postgres.RolesSQL(cfg, roles)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := postgrestest.Connect(t, at).Exec(t.Context(), text); err != nil {
		t.Fatalf("%v in:\n%s", err, text)
	}
}

// migrated applies the schema.
func migrated(t testing.TB, at string, cfg postgres.Config) {
	t.Helper()
	cfg.ListenURL = "-"
	s, err := postgres.Open(t.Context(), at, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Migrate(t.Context()), s.Close()); err != nil {
		t.Fatal(err)
	}
}

// as returns a URL with another user.
func as(t testing.TB, at, user, password string) string {
	t.Helper()
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(user, password)
	return u.String()
}

func openAs(t *testing.T, at string, cfg postgres.Config) *postgres.Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), at, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestRoles(t *testing.T) {
	server := startServer(t)
	admin := postgrestest.Connect(t, server.URL)
	for i, c := range []struct {
		cfg   postgres.Config
		roles postgres.Roles
	}{
		{postgres.Config{}, postgres.Roles{Owner: "es_owner", Writer: "es_writer", Reader: "es_reader"}},
		{postgres.Config{Schema: "shop", Prefix: "log_"}, postgres.Roles{Owner: "shop-Owner", Writer: "shop-Writer", Reader: "shop-Reader"}},
	} {
		name := fmt.Sprintf("roles%d", i)
		if _, err := admin.Exec(t.Context(), "CREATE DATABASE "+name); err != nil {
			t.Fatal(err)
		}
		at := strings.Replace(server.URL, "/postgres?", "/"+name+"?", 1)
		ownerURL, writerURL, readerURL := withRoles(t, at, c.cfg, c.roles)
		writer, reader := openAs(t, writerURL, c.cfg), openAs(t, readerURL, c.cfg)
		t.Run(name+"/writer works", func(t *testing.T) { requireWriterWorks(t, writer) })
		t.Run(name+"/reader works", func(t *testing.T) { requireReaderWorks(t, writer, reader) })
		t.Run(name+"/writer is refused", func(t *testing.T) { requireRefusals(t, writerURL, writer, c.cfg, forbiddenToBoth) })
		t.Run(name+"/reader is refused", func(t *testing.T) { requireRefusals(t, readerURL, reader, c.cfg, forbiddenToBoth, forbiddenToReaders) })
		t.Run(name+"/owner", func(t *testing.T) {
			owner := openAs(t, ownerURL+"&role="+url.QueryEscape(c.roles.Owner), c.cfg)
			requireOwnerMigrates(t, owner, writer, func() { grant(t, at, c.cfg, c.roles) })
		})
	}
}

// requireWriterWorks goes the ways of a program: appends of each kind, the feed, transactions,
// wake-ups, a projection.
func requireWriterWorks(t *testing.T, s *postgres.Store) {
	appended := s.Appended()
	a := to(one, eventstore.NoStream, "a")
	mustAppend(t, s, a)
	<-appended
	mustAppend(t, s, to(one, eventstore.Exactly(1), "a", "b"))
	mustAppend(t, s, to(one, eventstore.StreamExists, "c"), to(two, eventstore.Any, "a", "b"))
	mustAppend(t, s, eventstore.Append{Stream: two, Expect: eventstore.Exactly(2), Close: true})
	if res := mustAppend(t, s, a)[0]; !res.Replayed {
		t.Errorf("sent again: %+v", res)
	}
	if _, err := s.Append(t.Context(), to(one, eventstore.Exactly(1), "x")); !errors.Is(err, eventstore.ErrConflict) {
		t.Errorf("conflict: %v", err)
	}
	if recs, err := s.Lookup(t.Context(), a.Events[0].ID); err != nil || len(recs) != 1 {
		t.Errorf("look up: %d, %v", len(recs), err)
	}
	if page, err := s.List(t.Context(), eventstore.ListQuery{Category: "test"}); err != nil || len(page.Streams) != 2 {
		t.Errorf("list: %+v, %v", page, err)
	}
	gap := begin(t, s)
	mustAppend(t, s.WithTx(gap), to(stream("gap"), eventstore.Any, "a"))
	mustAppend(t, s, to(one, eventstore.Any, "a"))
	if page, err := s.Page(t.Context(), eventstore.FeedQuery{}); err != nil || len(page.Records) != 6 || page.Stall == nil {
		t.Errorf("%d records, stall %v, %v", len(page.Records), page.Stall, err)
	}
	end(t, gap.Rollback)
	err := s.InTx(t.Context(), func(ctx context.Context, _ bun.Tx, streams eventstore.Streams) error {
		if _, err := streams.Append(ctx, to(one, eventstore.NoStream, "x")); !errors.Is(err, eventstore.ErrConflict) {
			t.Errorf("conflict in a transaction: %v", err)
		}
		_, err := streams.Append(ctx, to(one, eventstore.Any, "a"))
		return err
	})
	if err != nil {
		t.Error(err)
	}
	requireProjectionWorks(t, s)
}

// requireProjectionWorks counts events in a table that the store's user may write.
func requireProjectionWorks(t *testing.T, s *postgres.Store) {
	t.Helper()
	registry := event.NewRegistry(map[string]any{"a": struct{}{}})
	sub := bunstore.NewSubscription("counts", bunstore.Project(registry, func(ctx context.Context, tx bun.Tx, env event.Envelope[any]) error {
		_, err := tx.ExecContext(ctx, "UPDATE counts SET n = n + 1")
		return err
	}), s)
	group, err := subscription.NewGroup(s, subscription.Config{}, sub)
	if err != nil {
		t.Fatal(err)
	}
	head, err := s.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- group.Run(ctx) }()
	soon, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	if err := group.WaitFor(soon, "counts", head); err != nil {
		t.Errorf("%v, %+v", err, group.Status())
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	var counted, stored int
	if err := s.DB().QueryRowContext(t.Context(), "SELECT n, (SELECT count(*) FROM "+s.Table("events")+" WHERE type = 'a') FROM counts").Scan(&counted, &stored); err != nil || counted != stored || stored == 0 {
		t.Errorf("counted %d of %d, %v", counted, stored, err)
	}
}

func requireReaderWorks(t *testing.T, writer, s *postgres.Store) {
	if got := types(t, s, two); got != "[a b]" {
		t.Errorf("the stream has %s", got)
	}
	page := wholePage(t, s)
	if kept, err := s.Checkpoints().Load(t.Context(), "counts"); err != nil || kept.Position != page.Next.Position {
		t.Errorf("checkpoint %v, %v", kept, err)
	}
	appended := s.Appended()
	// Of another role's sessions it sees the process, and not what they are.
	var pid int
	gap := begin(t, writer)
	if err := gap.QueryRowContext(t.Context(), "SELECT pg_backend_pid()").Scan(&pid); err != nil {
		t.Fatal(err)
	}
	mustAppend(t, writer.WithTx(gap), to(stream("gap"), eventstore.Any, "a"))
	mustAppend(t, writer, to(one, eventstore.Any, "f"))
	<-appended
	stalled := wholePage(t, s)
	if stalled.Stall == nil || !strings.Contains(stalled.Stall.Cause, fmt.Sprintf("the transaction of pid %d", pid)) || len(stalled.Records) != len(page.Records) {
		t.Errorf("the feed stands still for %+v, not for %d", stalled.Stall, pid)
	}
	end(t, gap.Rollback)
	if after := wholePage(t, s); after.Stall != nil || len(after.Records) != len(page.Records)+1 {
		t.Errorf("%d records, stall %v", len(after.Records), after.Stall)
	}
	for name, err := range map[string]error{
		"append": func() error { _, err := s.Append(t.Context(), to(one, eventstore.Any, "x")); return err }(),
		"several": func() error {
			_, err := s.Append(t.Context(), to(one, eventstore.Any, "x"), to(two, eventstore.Any, "x"))
			return err
		}(),
		"checkpoint": s.Checkpoints().Save(t.Context(), "reader", page.Next),
	} {
		if !denied(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func wholePage(t testing.TB, s *postgres.Store) eventstore.Page {
	t.Helper()
	page, err := s.Page(t.Context(), eventstore.FeedQuery{})
	if err != nil {
		t.Fatal(err)
	}
	return page
}

func denied(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && e.Code == "42501"
}

// What nobody but the owner may do, in the words of the default schema and prefix.
var (
	forbiddenToBoth = []string{
		"UPDATE es_events SET data = '{}'", "DELETE FROM es_events", "TRUNCATE es_events", "DROP TABLE es_events", "DROP INDEX es_events_tenant",
		"ALTER TABLE es_events ADD COLUMN x int", "CREATE INDEX ON es_events (type)", "ALTER TABLE es_events DISABLE TRIGGER ALL",
		"CREATE RULE r AS ON INSERT TO es_events DO INSTEAD NOTHING",
		"INSERT INTO es_events OVERRIDING SYSTEM VALUE SELECT 1 << 40, gen_random_uuid(), '', 'c', 's', 1, 't', 1, now(), now(), NULL, '{}'",
		"SELECT nextval('es_events_position_seq')", "SELECT setval('es_events_position_seq', 1)", "ALTER SEQUENCE es_events_position_seq CACHE 50",
		"DELETE FROM es_streams", "TRUNCATE es_streams", "UPDATE es_streams SET first = 7", "UPDATE es_streams SET stream = 'x'", "ALTER TABLE es_streams ADD COLUMN x int",
		"UPDATE es_store SET id = gen_random_uuid()", "DELETE FROM es_store", "INSERT INTO es_store DEFAULT VALUES",
		"UPDATE es_migrations SET checksum = ''", "DELETE FROM es_migrations", "INSERT INTO es_migrations VALUES ('x', 1, 'x', 'x', true)",
		"TRUNCATE es_checkpoints", "DROP SCHEMA public CASCADE", "LOCK TABLE es_events IN ACCESS EXCLUSIVE MODE",
	}
	forbiddenToReaders = []string{
		"INSERT INTO es_events (event_id, tenant, category, stream, version, type, schema, occurred_at, recorded_at, data) SELECT gen_random_uuid(), '', 'c', 's', 1, 't', 1, now(), now(), '{}'",
		"INSERT INTO es_streams (tenant, category, stream, version) VALUES ('', 'c', 's', 1)", "UPDATE es_streams SET version = 7",
		"INSERT INTO es_checkpoints VALUES ('x', '', '')", "UPDATE es_checkpoints SET position = ''", "DELETE FROM es_checkpoints",
		"LOCK TABLE es_events IN ROW EXCLUSIVE MODE",
	}
)

func requireRefusals(t *testing.T, at string, s *postgres.Store, cfg postgres.Config, lists ...[]string) {
	conn := postgrestest.Connect(t, at)
	schema, prefix := "public", "es_"
	if cfg.Schema != "" {
		schema, prefix = cfg.Schema, cfg.Prefix
	}
	if _, err := conn.Exec(t.Context(), "SET search_path TO "+schema); err != nil {
		t.Fatal(err)
	}
	for _, list := range lists {
		for _, text := range list {
			text = strings.ReplaceAll(strings.ReplaceAll(text, "es_", prefix), "public", schema)
			tx, err := conn.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			_, err = tx.Exec(t.Context(), text)
			_ = tx.Rollback(t.Context())
			if !denied(err) {
				t.Errorf("%s: %v", text, err)
			}
		}
	}
	if err := errors.Join(s.CheckSchema(t.Context()), s.Migrate(t.Context())); err != nil { // there is nothing to do
		t.Errorf("migrate: %v", err)
	}
}

// requireOwnerMigrates takes back the migration with the checkpoints, and those after it, and
// applies them again, as the owner. The writer has to be given the new table then.
func requireOwnerMigrates(t *testing.T, s, writer *postgres.Store, grant func()) {
	if first := postgres.Migrations.Migrations[1]; first.Name != "checkpoints" {
		t.Fatalf("this test takes back another migration than %s", first.Name)
	}
	exec(t, s.DB(), "DROP FUNCTION "+s.Table("why_not")+"; DROP TABLE "+s.Table("checkpoints"))
	exec(t, s.DB(), "DELETE FROM "+s.Table("migrations")+" WHERE number > 1")
	if err := writer.CheckSchema(t.Context()); !errors.Is(err, postgres.ErrSchemaMissing) {
		t.Errorf("the writer's check: %v", err)
	}
	if err := writer.Migrate(t.Context()); !errors.Is(err, postgres.ErrDenied) {
		t.Errorf("the writer migrates: %v", err)
	}
	if err := errors.Join(s.Migrate(t.Context()), s.CheckSchema(t.Context())); err != nil {
		t.Fatal(err)
	}
	page := wholePage(t, writer)
	if err := writer.Checkpoints().Save(t.Context(), "again", page.Next); !denied(err) {
		t.Errorf("the writer, before it was given the table: %v", err)
	}
	grant()
	if err := writer.Checkpoints().Save(t.Context(), "again", page.Next); err != nil {
		t.Errorf("the writer: %v", err)
	}
}

// Whoever may not see a log is told that, not that there is none.
func TestStrangersAreDenied(t *testing.T) {
	at := postgrestest.Database(t)
	admin := postgrestest.Connect(t, at)
	migrated(t, at, postgres.Config{Schema: "shop"})
	const name = "es_stranger"
	if _, err := admin.Exec(t.Context(), "CREATE ROLE "+name+" LOGIN PASSWORD 'secret'"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := admin.Exec(context.WithoutCancel(t.Context()), "DROP OWNED BY "+name+"; DROP ROLE "+name); err != nil {
			t.Error(err)
		}
	})
	for _, granted := range []string{"", "GRANT USAGE ON SCHEMA shop TO " + name, "GRANT SELECT ON shop.es_migrations TO " + name} {
		if _, err := admin.Exec(t.Context(), granted); err != nil {
			t.Fatal(err)
		}
		if _, err := postgres.Open(t.Context(), as(t, at, name, "secret"), postgres.Config{Schema: "shop"}); !errors.Is(err, postgres.ErrDenied) || errors.Is(err, postgres.ErrSchema) {
			t.Errorf("%q: %v", granted, err)
		}
	}
}

// Whoever adds a table has to say who may do what with it.
func TestRolesSpeakOfEveryTable(t *testing.T) {
	text, err := postgres.RolesSQL(postgres.Config{}, postgres.Roles{})
	if err != nil {
		t.Fatal(err)
	}
	s := open(t, postgrestest.Database(t), postgres.Config{})
	var tables []string
	if err := s.DB().NewSelect().Table("pg_class").Column("relname").Where("relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S', 'v')").Scan(t.Context(), &tables); err != nil {
		t.Fatal(err)
	}
	if len(tables) < 6 {
		t.Errorf("there are %q", tables)
	}
	for _, name := range tables {
		if !strings.Contains(text, `"`+name+`"`) {
			t.Errorf("roles.sql does not speak of %s", name)
		}
	}
}

func TestRoleNames(t *testing.T) {
	for _, roles := range []postgres.Roles{
		{Owner: `a"; DROP TABLE x; --`}, {Writer: "a'b"}, {Reader: "a$$b"}, {Owner: "{events}"}, {Owner: "pg_monitor"}, {Owner: strings.Repeat("a", 64)},
		{Owner: "same", Writer: "same"}, {Reader: "es_owner"}, {Owner: "a\x00"}, {Owner: "ä"},
	} {
		if text, err := postgres.RolesSQL(postgres.Config{}, roles); !errors.Is(err, postgres.ErrInvalidConfig) {
			t.Errorf("%+v: %v, %s", roles, err, text)
		}
	}
	if _, err := postgres.RolesSQL(postgres.Config{Schema: "A"}, postgres.Roles{}); !errors.Is(err, postgres.ErrInvalidConfig) {
		t.Errorf("a schema that can't be: %v", err)
	}
	text, err := postgres.RolesSQL(postgres.Config{Prefix: "log_"}, postgres.Roles{Reader: "ops@example.iam"})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"log_owner"`, `"log_writer"`, `"ops@example.iam"`, `'ops@example.iam'`, `"public"."log_events"`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in:\n%s", want, text)
		}
	}
	if strings.Contains(text, "{") {
		t.Errorf("something was not filled in:\n%s", text)
	}
}
