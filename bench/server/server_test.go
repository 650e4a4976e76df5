package server_test

import (
	"errors"
	"regexp"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/eventsource-go/eventsource/bench/server"
)

func TestServer(t *testing.T) {
	var s server.Server
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	a, err := s.Schema(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b, err := s.Schema(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i, url := range []string{a.Direct, a.Long, b.Long} {
		conn, err := pgx.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		if _, err := conn.Exec(t.Context(), "CREATE TABLE IF NOT EXISTS seen (n int); INSERT INTO seen VALUES (1)"); err != nil {
			t.Fatal(err)
		}
		if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM seen").Scan(&n); err != nil {
			t.Fatal(err)
		}
		if want := []int{1, 2, 1}[i]; n != want {
			t.Errorf("connection %d sees %d rows, want %d: schemas are each on their own, both ways lead to the same", i, n, want)
		}
		if err := conn.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
	for _, sc := range []server.Schema{a, b} {
		if err := sc.Settle(t.Context()); err != nil {
			t.Error(err)
		}
		if err := sc.Drop(); err != nil {
			t.Error(err)
		}
	}
}

// The server is one that would survive a power failure, the long way is longer, and what it does
// is seen to cost.
func TestDescribe(t *testing.T) {
	var s server.Server
	defer s.Close()
	count := func() time.Duration {
		sc, err := s.Schema(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		conn, err := pgx.Connect(t.Context(), sc.Direct)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(t.Context())
		before := s.CPU()
		if _, err := conn.Exec(t.Context(), "SELECT count(*) FROM generate_series(1, 300000)"); err != nil {
			t.Fatal(err)
		}
		return s.CPU() - before
	}
	if took := count(); took < time.Millisecond && runtime.GOOS == "linux" {
		t.Errorf("to count to 300000 took %v of the server's CPU", took)
	}
	version, trips, err := s.Describe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^\d+(\.\d+)? fsync=on full_page_writes=on synchronous_commit=on `).MatchString(version) {
		t.Error(version)
	}
	m := regexp.MustCompile(`^(\d+) us, through the proxy (\d+) us$`).FindStringSubmatch(trips)
	if m == nil {
		t.Fatal(trips)
	}
	if far, _ := strconv.Atoi(m[2]); far < int(server.RTT.Microseconds()) {
		t.Errorf("the long way takes %d us", far)
	}
	t.Log(version, trips)
}

// A server that somebody else runs is used, and left as it was.
func TestForeignServer(t *testing.T) {
	var foreign server.Server
	defer foreign.Close()
	url, _, err := foreign.URLs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("POSTGRES_URL", url)
	var s server.Server
	sc, err := s.Schema(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if took := s.CPU(); took != 0 {
		t.Errorf("%v of the CPU of a server that may be anywhere", took)
	}
	if err := errors.Join(sc.Drop(), s.Close()); err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal("the server is gone: ", err)
	}
	defer conn.Close(t.Context())
	left := 0
	if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'bench%'").Scan(&left); err != nil || left != 0 {
		t.Errorf("%d schemas are left, error %v", left, err)
	}
}
