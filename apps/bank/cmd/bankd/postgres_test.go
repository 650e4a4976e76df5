package main

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/eventsource-go/eventsource/apps/bank/database"
	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

// withUser returns an address with another user and password.
func withUser(t *testing.T, address, user, password string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(user, password)
	return u.String()
}

// execute runs statements by the user of the tests.
func execute(t *testing.T, address string, statements ...string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context()) // also in a Cleanup
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	for _, statement := range statements {
		if _, err := conn.Exec(ctx, statement); err != nil {
			t.Errorf("%s: %v", statement, err)
		}
	}
}

// newRole makes a user who may log in and nothing else, until the test ends.
func newRole(t *testing.T, address, name, password string) {
	t.Helper()
	execute(t, address, "DROP ROLE IF EXISTS "+name, "CREATE ROLE "+name+" LOGIN PASSWORD '"+password+"'", "GRANT CONNECT ON DATABASE "+databaseName(t, address)+" TO "+name)
	t.Cleanup(func() { execute(t, address, "DROP OWNED BY "+name, "DROP ROLE "+name) })
}

func databaseName(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(u.Path, "/")
}

// One variable moves the bank to a server. It makes its tables where there are none, and what it
// says of the address holds no password.
func TestOpenAndCloseOnPostgres(t *testing.T) {
	const password = "s3cret-of-the-test"
	address := postgrestest.Database(t)
	newRole(t, address, "bankd_owner", password)
	execute(t, address, "GRANT CREATE, USAGE ON SCHEMA public TO bankd_owner")
	env := []string{"BANK_DATABASE=" + withUser(t, address, "bankd_owner", password)}

	p := openWith(t, append(env, "BANK_ADDRESS=127.0.0.1:0", "BANK_LOG_LEVEL=debug")...)
	if code, body := p.do("POST", "/api/v1/accounts", `{"owner":"Quincy","currency":"EUR"}`); code != 201 {
		t.Error(code, body)
	}
	p.awaitReady()
	p.stop(exitOK)
	said := p.logs.String()
	p = openWith(t, append(env, "BANK_ADDRESS=127.0.0.1:0")...)
	p.awaitReady()
	if code, body := p.do("GET", "/api/v1/accounts", ""); code != 200 || !strings.Contains(body, `"owner":"Quincy"`) {
		t.Error(code, body)
	}
	p.stop(exitOK)
	requireVerified(t, strings.TrimPrefix(env[0], "BANK_DATABASE="))

	said += p.logs.String()
	for _, want := range []string{"postgres://bankd_owner:xxxxx@", `BANK_SYNC="as the server has it"`, `acknowledged_survives="a killed server process and a power failure"`} {
		if !strings.Contains(said, want) {
			t.Errorf("the log does not say %s:\n%s", want, said)
		}
	}
	if strings.Contains(said, password) || strings.Contains(said, "Quincy") {
		t.Errorf("the log says what it should not:\n%s", said)
	}
}

// A database that nobody prepared is made by who serves, and is nobody's to read before.
func TestNothingThereYetOnPostgres(t *testing.T) {
	address := postgrestest.Database(t)
	env := []string{"BANK_DATABASE=" + address}
	if _, errs := runs(t, exitFailed, env, "verify"); !strings.Contains(errs, "the database has to be migrated") || !strings.Contains(errs, `"bankd migrate" does that`) {
		t.Error(errs)
	}
	runs(t, exitOK, env, "migrate")
	runs(t, exitOK, env, "migrate")
	if out, _ := runs(t, exitOK, env, "verify"); !strings.HasPrefix(out, "0 accounts, ") {
		t.Error(out)
	}
}

// Tables that are there are changed by nobody but "bankd migrate".
func TestServeDoesNotMigrateOnPostgres(t *testing.T) {
	address := postgrestest.Database(t)
	env := []string{"BANK_DATABASE=" + address, "BANK_ADDRESS=127.0.0.1:0"}
	runs(t, exitOK, env, "migrate")
	execute(t, address, "DELETE FROM es_migrations WHERE set_name = 'eventsource' AND number > 1", "DROP TABLE es_checkpoints")
	for _, command := range []string{"serve", "demo", "verify"} {
		if out, errs := runs(t, exitFailed, env, command); out != "" || !strings.Contains(errs, "the database has to be migrated") || !strings.Contains(errs, "bankd migrate") {
			t.Errorf("%s: %q, %s", command, out, errs)
		}
	}
	runs(t, exitOK, env, "migrate")
	runs(t, exitOK, env, "demo", "-n", "1", "-months", "1")
}

// Who serves needs no right to make tables once they are there, and is told who does if they are not.
func TestUserWithFewRightsOnPostgres(t *testing.T) {
	address := postgrestest.Database(t)
	newRole(t, address, "bankd_writer", "w")
	writer := withUser(t, address, "bankd_writer", "w")
	env := []string{"BANK_DATABASE=" + writer, "BANK_ADDRESS=127.0.0.1:0"}
	execute(t, address, "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
	if out, errs := runs(t, exitFailed, env); out != "" || !strings.Contains(errs, "the database has to be migrated, by a user who may") || !strings.Contains(errs, "bankd migrate") {
		t.Errorf("%q, %s", out, errs)
	}
	if _, errs := runs(t, exitFailed, env, "migrate"); !strings.Contains(errs, "not permitted") {
		t.Error(errs)
	}
	runs(t, exitOK, []string{"BANK_DATABASE=" + address}, "migrate")
	execute(t, address, "GRANT USAGE ON SCHEMA public TO bankd_writer", "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO bankd_writer",
		"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO bankd_writer")
	p := open(t, writer)
	if code, body := p.do("POST", "/api/v1/accounts", `{"owner":"Ann","currency":"EUR"}`); code != 201 {
		t.Error(code, body)
	}
	p.awaitReady()
	p.stop(exitOK)
	requireVerified(t, address)
}

// Several that open at once an empty database all do.
func TestSeveralOpenAtOnceOnPostgres(t *testing.T) {
	address := postgrestest.Database(t)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			cfg, err := parseConfig([]string{"BANK_DATABASE=" + address})
			if err == nil {
				err = cfg.prepare(t.Context())
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	requireVerified(t, address)
}

func TestCantOpenOnPostgres(t *testing.T) {
	const password = "s3cret-of-the-test"
	address := postgrestest.Database(t)
	other, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	other.Path = "/there_is_none"
	for name, c := range map[string]struct{ address, want string }{
		"no server":   {"postgres://bank:" + password + "@127.0.0.1:1/bank", "server can't be reached"},
		"no user":     {withUser(t, address, "nobody_of_that_name", password), "not permitted"},
		"no database": {other.String(), "server can't be reached"},
	} {
		for _, command := range []string{"serve", "demo", "verify", "migrate"} {
			out, errs := runs(t, exitFailed, []string{"BANK_DATABASE=" + c.address, "BANK_ADDRESS=127.0.0.1:0"}, command)
			if out != "" || !strings.Contains(errs, c.want) || strings.Contains(errs, password) {
				t.Errorf("%s, %s: %q\n%s", name, command, out, errs)
			}
		}
	}
}

func TestConfigOfPostgres(t *testing.T) {
	const address = "postgresql://bank:s3cret@db.example/bank?sslmode=verify-full"
	cfg, err := parseConfig([]string{"BANK_DATABASE=" + address})
	if err != nil || cfg.database != address {
		t.Errorf("%+v, %v", cfg, err)
	}
	for _, v := range cfg.shown {
		if strings.Contains(v.Value.String(), "s3cret") || v.Key == "BANK_SYNC" && v.Value.String() != "as the server has it" {
			t.Errorf("shown as %v", v)
		}
	}
	_, err = parseConfig([]string{"BANK_DATABASE=" + address, "BANK_SYNC=full"}) // would be no lie, and do nothing
	if wrong, ok := errors.AsType[*configError](err); !ok || wrong.variable != "BANK_SYNC" || !errors.Is(err, errSyncOnServer) {
		t.Error(err)
	}
	_, err = parseConfig([]string{"BANK_DATABASE=postgres://bank:s3cret@db.example:port/bank"})
	if !errors.Is(err, database.ErrMalformedURL) || strings.Contains(err.Error(), "s3cret") {
		t.Error(err)
	}
}
