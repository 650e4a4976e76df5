package postgres_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/eventsource-go/eventsource/stores/postgres"
	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

// startServer starts one that lives until the test ends.
func startServer(t testing.TB, settings ...string) *postgrestest.Server {
	t.Helper()
	server, err := postgrestest.Start(t.Context(), settings...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { remove(t, server) })
	return server
}

// requireProblems opens the database in each way: problems are told in the log, and refused by
// those who are strict.
func requireProblems(t *testing.T, url string, want ...string) postgres.Settings {
	t.Helper()
	var log bytes.Buffer
	s, err := postgres.Open(t.Context(), url, postgres.Config{ListenURL: "-", Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	set, err := s.Settings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	names := func(problems []postgres.Problem) (names []string) {
		for _, p := range problems {
			names = append(names, p.Setting+" = "+p.Value)
			if p.Means == "" || !strings.Contains(log.String(), "setting="+p.Setting) || !strings.Contains(log.String(), p.Means) {
				t.Errorf("%v is not in the log: %s", p, log.String())
			}
		}
		return names
	}
	if got := names(set.Problems); strings.Join(got, ", ") != strings.Join(want, ", ") {
		t.Errorf("problems %q, want %q", got, want)
	}
	if n := strings.Count(log.String(), "WARN"); n != len(want) {
		t.Errorf("%d warnings: %s", n, log.String())
	}
	strict, err := postgres.Open(t.Context(), url, postgres.Config{ListenURL: "-", Strict: true})
	if len(want) == 0 {
		if err != nil {
			t.Fatalf("strict: %v", err)
		}
		if err := strict.Close(); err != nil {
			t.Error(err)
		}
		return set
	}
	refused, ok := errors.AsType[*postgres.SettingsError](err)
	if !ok || !errors.Is(err, postgres.ErrSettings) || strings.Join(names(refused.Problems), ", ") != strings.Join(want, ", ") {
		t.Fatalf("strict: %v", err)
	}
	for _, name := range want {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("the error does not name %s: %v", name, err)
		}
	}
	return set
}

func TestSettingsOfAServerInOrder(t *testing.T) {
	set := requireProblems(t, postgrestest.Database(t))
	if !set.Fsync || !set.FullPageWrites || set.Standby || set.ReadOnly || set.Pooler || set.SynchronousCommit != "on" || set.SynchronousStandbys != "" ||
		set.Isolation != "read committed" || set.Version == "" || set.VersionNumber < 150000 || set.Durability != "a killed server process and a power failure" {
		t.Errorf("%+v", set)
	}
}

// It does not matter where a setting comes from.
func TestSettingsThatKeepLess(t *testing.T) {
	admin := postgrestest.Connect(t, postgrestest.Database(t))
	execute := func(text string) {
		t.Helper()
		if _, err := admin.Exec(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		option, alter string // of the connection, of the database
		want          []string
		durability    string
	}{
		"commit, of the connection":      {"&synchronous_commit=off", "", []string{"synchronous_commit = off"}, "a killed client; the last commits may be lost"},
		"commit, of the database":        {"", "synchronous_commit = off", []string{"synchronous_commit = off"}, "a killed client; the last commits may be lost"},
		"commit, weaker without standby": {"", "synchronous_commit = local", nil, "a killed server process and a power failure"},
		"serializable":                   {"", "default_transaction_isolation = 'serializable'", []string{"default_transaction_isolation = serializable"}, "a killed server"},
		"repeatable read":                {"&default_transaction_isolation=repeatable%20read", "", []string{"default_transaction_isolation = repeatable read"}, "a killed server"},
		"read-only":                      {"", "default_transaction_read_only = on", []string{"default_transaction_read_only = on"}, "nothing"},
		"several": {
			"&synchronous_commit=off", "default_transaction_isolation = 'serializable'",
			[]string{"synchronous_commit = off", "default_transaction_isolation = serializable"}, "a killed client",
		},
	} {
		t.Run(name, func(t *testing.T) {
			at := postgrestest.Database(t)
			if c.alter != "" {
				database, _, _ := strings.Cut(at[strings.LastIndex(at, "/")+1:], "?")
				execute("ALTER DATABASE " + database + " SET " + c.alter)
			}
			if set := requireProblems(t, at+c.option, c.want...); !strings.HasPrefix(set.Durability, c.durability) {
				t.Errorf("durability %q, want %q", set.Durability, c.durability)
			}
		})
	}
}

func TestSettingsOfServersThatKeepLess(t *testing.T) {
	for setting, want := range map[string]string{"fsync=off": "fsync = off", "full_page_writes=off": "full_page_writes = off"} {
		t.Run(setting, func(t *testing.T) {
			t.Parallel()
			set := requireProblems(t, startServer(t, setting).URL, want)
			if !strings.Contains(set.Durability, "may be damaged") || set.Fsync && set.FullPageWrites {
				t.Errorf("%+v", set)
			}
		})
	}
}

// With a standby that commits wait for, what is acknowledged survives the server; on it nothing is.
func TestSettingsWithAStandby(t *testing.T) {
	server := startServer(t)
	standby, err := server.Standby(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { remove(t, standby) })
	set := requireProblems(t, standby.URL, "pg_is_in_recovery = true")
	if !set.Standby || !strings.HasPrefix(set.Durability, "nothing") {
		t.Errorf("the standby: %+v", set)
	}
	admin := postgrestest.Connect(t, server.URL)
	for _, text := range []string{"ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()"} {
		if _, err := admin.Exec(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	s := openUntil(t, server.URL)
	defer s.Close()
	for deadline := time.Now().Add(time.Minute); set.SynchronousStandbys != "*" && time.Now().Before(deadline); { // it is reloaded soon
		if set, err = s.Settings(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if want := "a killed server process, a power failure, and the loss of the server if "; !strings.HasPrefix(set.Durability, want) || len(set.Problems) > 0 {
		t.Errorf("the server: %+v", set)
	}
	local := openUntil(t, server.URL+"&synchronous_commit=local")
	defer local.Close()
	if set, err := local.Settings(t.Context()); err != nil || set.Durability != "a killed server process and a power failure" {
		t.Errorf("commits that wait for no standby: %+v, %v", set, err)
	}
}

func TestServerThatIsTooOldIsRefused(t *testing.T) {
	at := postgrestest.Database(t)
	var number string
	if err := postgrestest.Connect(t, at).QueryRow(t.Context(), "SHOW server_version_num").Scan(&number); err != nil {
		t.Fatal(err)
	}
	for as, refused := range map[string]bool{"140022": true, "150000": false} {
		s, err := postgres.Open(t.Context(), replacing(t, at, number, as), postgres.Config{ListenURL: "-"})
		if e, ok := errors.AsType[*postgres.SettingsError](err); ok != refused || refused && (len(e.Problems) != 1 || e.Problems[0].Setting != "server_version") {
			t.Errorf("version %s: %v", as, err)
		}
		if err == nil {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}
