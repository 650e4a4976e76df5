package postgrestest_test

import (
	"os"
	"testing"

	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

func TestMain(m *testing.M) { os.Exit(postgrestest.Main(m.Run)) }

func TestDatabasesAreApartAndDurable(t *testing.T) {
	first, second := postgrestest.Connect(t, postgrestest.Database(t)), postgrestest.Connect(t, postgrestest.Database(t))
	if _, err := first.Exec(t.Context(), "CREATE TABLE a (b int)"); err != nil {
		t.Fatal(err)
	}
	var fsync, commit string
	var found *string
	if err := second.QueryRow(t.Context(), "SELECT current_setting('fsync'), current_setting('synchronous_commit'), to_regclass('a')::text").Scan(&fsync, &commit, &found); err != nil {
		t.Fatal(err)
	}
	if fsync != "on" || commit != "on" || found != nil {
		t.Errorf("fsync %s, synchronous_commit %s, table %v", fsync, commit, found)
	}
}

func TestServerComesBackAfterAKill(t *testing.T) {
	s, err := postgrestest.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Remove(); err != nil {
			t.Error(err)
		}
	}()
	conn := postgrestest.Connect(t, s.URL)
	if _, err := conn.Exec(t.Context(), "CREATE TABLE kept (b int)"); err != nil {
		t.Fatal(err)
	}
	if err := s.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := conn.Ping(t.Context()); err == nil {
		t.Error("the connection outlived the server")
	}
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := postgrestest.Connect(t, s.URL).Exec(t.Context(), "SELECT FROM kept"); err != nil {
		t.Error(err)
	}
}
