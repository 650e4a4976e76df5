package wire_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/eventsource-go/eventsource/e2e/chaos/wire"
	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

func TestMain(m *testing.M) { os.Exit(postgrestest.Main(m.Run)) }

// setup returns a line to a database with a table n, and a connection that does not go through it.
func setup(t *testing.T) (*wire.Line, *pgx.Conn) {
	t.Helper()
	at := postgrestest.Database(t)
	direct := postgrestest.Connect(t, at)
	if _, err := direct.Exec(t.Context(), "CREATE TABLE n (n int PRIMARY KEY, long text)"); err != nil {
		t.Fatal(err)
	}
	return wire.New(t, at), direct
}

func wantRows(t *testing.T, conn *pgx.Conn, want int) {
	t.Helper()
	var got int
	if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM n").Scan(&got); err != nil || got != want {
		t.Errorf("%d rows, %v, want %d", got, err, want)
	}
}

func TestEachNthCommitIsNotToldOf(t *testing.T) {
	line, direct := setup(t)
	line.Swallow(3)
	var untold []int
	for n := 1; n <= 9; n++ {
		if _, err := postgrestest.Connect(t, line.URL).Exec(t.Context(), "INSERT INTO n VALUES ($1)", n); err != nil {
			untold = append(untold, n)
		}
	}
	if len(untold) != 3 || untold[0] != 3 || untold[1] != 6 || untold[2] != 9 {
		t.Errorf("untold: %v", untold)
	}
	wantRows(t, direct, 9)
	if answered, swallowed := line.Commits(); answered != 9 || swallowed != 3 {
		t.Errorf("%d answered, %d swallowed", answered, swallowed)
	}
}

func TestOnlyCommitsAreSwallowed(t *testing.T) {
	for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeCacheStatement, pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol} {
		t.Run(mode.String(), func(t *testing.T) {
			line, direct := setup(t)
			line.Swallow(1)
			conn := postgrestest.Connect(t, line.URL)
			run := func(text string, args ...any) error {
				_, err := conn.Exec(t.Context(), text, append([]any{mode}, args...)...)
				return err
			}
			told := func(text string, args ...any) {
				t.Helper()
				if err := run(text, args...); err != nil {
					t.Errorf("%s: %v", text, err)
				}
			}
			told("SELECT $1::int", 1)
			told("BEGIN")
			told("INSERT INTO n VALUES ($1)", 1)
			told("ROLLBACK")
			if err := run("INSERT INTO n VALUES ($1)", nil); pgCode(err) != "23502" {
				t.Errorf("a statement that fails: %v", err)
			}
			told("BEGIN")
			if err := run("INSERT INTO n VALUES ($1)", nil); pgCode(err) != "23502" {
				t.Errorf("a statement that fails: %v", err)
			}
			told("COMMIT") // which is none
			told("BEGIN")
			told("INSERT INTO n VALUES ($1)", 2)
			if answered, _ := line.Commits(); answered != 0 {
				t.Errorf("%d commits before the first", answered)
			}
			if err := run("COMMIT"); err == nil || pgCode(err) != "" {
				t.Errorf("a commit: %v", err)
			}
			wantRows(t, direct, 1)
			conn = postgrestest.Connect(t, line.URL)
			if err := run("WITH a AS (INSERT INTO n VALUES ($1) RETURNING n) SELECT n FROM a", 3); err == nil || pgCode(err) != "" {
				t.Errorf("a statement that commits by itself: %v", err)
			}
			wantRows(t, direct, 2)
		})
	}
}

func TestBatchThatCommits(t *testing.T) {
	line, direct := setup(t)
	line.Swallow(2)
	for n := 1; n <= 2; n++ {
		batch := &pgx.Batch{}
		for _, text := range []string{"BEGIN", "INSERT INTO n VALUES ($1)", "COMMIT"} {
			if strings.Contains(text, "$") {
				batch.Queue(text, n)
			} else {
				batch.Queue(text)
			}
		}
		if err := postgrestest.Connect(t, line.URL).SendBatch(t.Context(), batch).Close(); (err == nil) != (n == 1) {
			t.Errorf("batch %d: %v", n, err)
		}
	}
	wantRows(t, direct, 2)
}

func TestLineThatFalls(t *testing.T) {
	line, direct := setup(t)
	line.Swallow(2)
	line.Fall()
	conn, other := postgrestest.Connect(t, line.URL), postgrestest.Connect(t, line.URL)
	for n := 1; n <= 2; n++ {
		if _, err := conn.Exec(t.Context(), "INSERT INTO n VALUES ($1)", n); (err == nil) != (n == 1) {
			t.Errorf("commit %d: %v", n, err)
		}
	}
	if err := other.Ping(t.Context()); err == nil {
		t.Error("another connection goes on")
	}
	if _, err := pgx.Connect(t.Context(), line.URL); err == nil {
		t.Error("there is a new connection")
	}
	wantRows(t, direct, 2)
}

func TestCancellationArrives(t *testing.T) {
	line, direct := setup(t)
	conn := postgrestest.Connect(t, line.URL)
	asked := make(chan error)
	go func() {
		_, err := conn.Exec(t.Context(), "SELECT pg_sleep(600)")
		asked <- err
	}()
	for deadline := time.Now().Add(time.Minute); ; {
		var n int
		if err := direct.QueryRow(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid()").Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n == 1 {
			break
		} else if time.Now().After(deadline) {
			t.Fatal("the statement does not arrive")
		}
	}
	if err := conn.PgConn().CancelRequest(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-asked; pgCode(err) != "57014" {
		t.Errorf("canceled: %v", err)
	}
}

func TestToxics(t *testing.T) {
	long := strings.Repeat("x", 100_000)
	for _, c := range []struct {
		toxic  wire.Toxic
		broken bool // a statement ends with an error, when the line is healed at the latest
		stored bool
	}{
		{wire.Toxic{Type: "latency", Stream: "downstream", Attributes: map[string]int64{"latency": 20, "jitter": 10}}, false, true},
		{wire.Toxic{Type: "slicer", Stream: "upstream", Attributes: map[string]int64{"average_size": 5000, "size_variation": 100, "delay": 10}}, false, true},
		{wire.Toxic{Type: "timeout", Stream: "upstream", Attributes: map[string]int64{}}, true, false},
		{wire.Toxic{Type: "timeout", Stream: "downstream", Attributes: map[string]int64{}}, true, true},
		{wire.Toxic{Type: "reset_peer", Stream: "upstream", Attributes: map[string]int64{}}, true, false},
		{wire.Toxic{Type: "reset_peer", Stream: "downstream", Attributes: map[string]int64{}}, true, true},
	} {
		t.Run(c.toxic.Type+"/"+c.toxic.Stream, func(t *testing.T) {
			line, direct := setup(t)
			conn := postgrestest.Connect(t, line.URL)
			if err := line.Poison(c.toxic); err != nil {
				t.Fatal(err)
			}
			done := make(chan error, 1)
			go func() {
				_, err := conn.Exec(t.Context(), "INSERT INTO n VALUES (1, $1)", pgx.QueryExecModeExec, long)
				done <- err
			}()
			if !c.broken || c.toxic.Type == "reset_peer" {
				if err := <-done; (err != nil) != c.broken {
					t.Errorf("while it lasts: %v", err)
				}
				done = nil
			} else if c.stored {
				waitForRow(t, direct)
			}
			if err := line.Heal(); err != nil {
				t.Fatal(err)
			}
			if done != nil {
				if err := <-done; err == nil {
					t.Error("answered after all")
				}
			}
			got := 0
			if c.stored {
				waitForRow(t, direct)
				got = 1
			}
			wantRows(t, direct, got)
			if _, err := postgrestest.Connect(t, line.URL).Exec(t.Context(), "INSERT INTO n VALUES (2)"); err != nil {
				t.Errorf("healed: %v", err)
			}
		})
	}
	if err := wire.New(t, postgrestest.Database(t)).Poison(wire.Toxic{Type: "none", Stream: "upstream"}); err == nil {
		t.Error("a toxic that there is none of")
	}
}

func waitForRow(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		var n int
		if err := conn.QueryRow(ctx, "SELECT count(*) FROM n").Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n > 0 {
			return
		}
	}
}

func pgCode(err error) string {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code
	}
	return ""
}
