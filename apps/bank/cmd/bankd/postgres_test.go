package main

import (
	"context"
	"errors"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

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
	execute(t, address, "DELETE FROM es_migrations WHERE set_name = 'eventsource' AND number > 1", "DROP FUNCTION es_why_not; DROP TABLE es_checkpoints")
	for _, command := range []string{"serve", "demo", "verify"} {
		if out, errs := runs(t, exitFailed, env, command); out != "" || !strings.Contains(errs, "the database has to be migrated") || !strings.Contains(errs, "bankd migrate") {
			t.Errorf("%s: %q, %s", command, out, errs)
		}
	}
	runs(t, exitOK, env, "migrate")
	runs(t, exitOK, env, "demo", "-n", "1", "-months", "1")
}

// Who may not make tables is told who does.
func TestUserWithoutRightsOnPostgres(t *testing.T) {
	address := postgrestest.Database(t)
	newRole(t, address, "bankd_nobody", "n")
	env := []string{"BANK_DATABASE=" + withUser(t, address, "bankd_nobody", "n"), "BANK_ADDRESS=127.0.0.1:0"}
	execute(t, address, "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
	if out, errs := runs(t, exitFailed, env); out != "" || !strings.Contains(errs, "the database has to be migrated, by a user who may") || !strings.Contains(errs, "bankd migrate") {
		t.Errorf("%q, %s", out, errs)
	}
	if _, errs := runs(t, exitFailed, env, "migrate"); !strings.Contains(errs, "not permitted") {
		t.Error(errs)
	}
}

// The owner migrates, the writer serves and can't change what happened, the reader verifies.
func TestRolesOnPostgres(t *testing.T) {
	address := postgrestest.Database(t)
	env := func(user string) []string {
		return []string{"BANK_DATABASE=" + withUser(t, address, user, "p"), "BANK_ADDRESS=127.0.0.1:0"}
	}
	runs(t, exitOK, []string{"BANK_DATABASE=" + address}, "migrate")
	roles, errs := runs(t, exitOK, []string{"BANK_DATABASE=" + address}, "roles")
	if errs != "" {
		t.Error(errs)
	}
	t.Cleanup(func() {
		const all = "bank_owner, bank_writer, bank_reader"
		execute(t, address, "DROP OWNED BY "+all, "DROP ROLE "+all)
	})
	for range 2 {
		execute(t, address, roles)
	}
	for _, user := range []string{"owner", "writer", "reader"} {
		newRole(t, address, "bankd_"+user, "p")
		execute(t, address, "GRANT bank_"+user+" TO bankd_"+user)
	}
	runs(t, exitOK, env("bankd_owner"), "migrate")
	p := openWith(t, env("bankd_writer")...)
	if code, body := p.do("POST", "/api/v1/accounts", `{"owner":"Ann","currency":"EUR"}`); code != 201 {
		t.Error(code, body)
	}
	until(t, func() bool {
		_, body := p.do("GET", "/api/v1/accounts", "")
		return strings.Contains(body, `"owner":"Ann"`)
	})
	p.stop(exitOK)
	runs(t, exitOK, env("bankd_writer"), "demo", "-n", "2", "-months", "1")
	requireVerified(t, withUser(t, address, "bankd_writer", "p"))
	if out, _ := runs(t, exitOK, env("bankd_reader"), "verify", "-as-is"); !strings.Contains(out, "everything is as it should be") {
		t.Error(out)
	}
	for user, statement := range map[string]string{"bankd_writer": "DELETE FROM bank_entries", "bankd_reader": "UPDATE bank_accounts SET balance = 0"} {
		conn := postgrestest.Connect(t, withUser(t, address, user, "p"))
		_, err := conn.Exec(t.Context(), statement)
		if denied, ok := errors.AsType[*pgconn.PgError](err); !ok || denied.Code != "42501" {
			t.Errorf("%s may %s: %v", user, statement, err)
		}
		if err := conn.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if _, errs := runs(t, exitFailed, []string{"BANK_DATABASE=:memory:"}, "roles"); !strings.Contains(errs, "has no roles") {
		t.Error(errs)
	}
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

// A dump that is restored elsewhere is the same bank, and goes on.
func TestRestoreOnPostgres(t *testing.T) {
	from, to := postgrestest.Database(t), postgrestest.Database(t)
	env := []string{"BANK_DATABASE=" + from}
	runs(t, exitOK, env, "demo", "-n", "2", "-months", "1")
	requireVerified(t, from)
	dump := filepath.Join(t.TempDir(), "bank.dump")
	for _, args := range [][]string{
		{"pg_dump", "--format=custom", "--file=" + dump, from},
		{"pg_restore", "--clean", "--if-exists", "--dbname=" + to, dump},
	} {
		if out, err := exec.CommandContext(t.Context(), args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", args[0], err, out)
		}
	}
	env = []string{"BANK_DATABASE=" + to}
	if out, _ := runs(t, exitOK, env, "verify"); !strings.HasPrefix(out, "2 accounts, ") {
		t.Error(out)
	}
	runs(t, exitOK, env, "demo", "-n", "2", "-months", "1", "-seed", "1")
	requireVerified(t, to)
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
