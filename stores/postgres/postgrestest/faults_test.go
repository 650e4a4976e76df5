package postgrestest_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

func startServer(t *testing.T) *postgrestest.Server {
	t.Helper()
	s, err := postgrestest.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Remove(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestKillHardEndsEveryProcess(t *testing.T) {
	s := startServer(t)
	conn := postgrestest.Connect(t, s.URL)
	if _, err := conn.Exec(t.Context(), "CREATE TABLE kept (b int)"); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := s.KillHard(); err != nil {
			t.Fatal(err)
		}
		if err := conn.Ping(t.Context()); err == nil {
			t.Error("the connection outlived the server")
		}
		if err := s.Restart(t.Context()); err != nil { // refuses while a child of the one before lives
			t.Fatal(err)
		}
		conn = postgrestest.Connect(t, s.URL)
		if _, err := conn.Exec(t.Context(), "INSERT INTO kept VALUES (1)"); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if s.KillHard() == nil || s.Freeze() == nil || s.Thaw() == nil {
		t.Error("a server that does not run can be killed and frozen")
	}
}

func TestFrozenServerAnswersLater(t *testing.T) {
	s := startServer(t)
	conn := postgrestest.Connect(t, s.URL)
	if err := s.Freeze(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if other, err := pgx.Connect(ctx, s.URL); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a frozen server answers: %v, %v", other, err)
	}
	answered := make(chan error)
	go func() { answered <- conn.Ping(t.Context()) }()
	select {
	case err := <-answered:
		t.Fatalf("a frozen server answers: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	if err := s.Thaw(); err != nil {
		t.Fatal(err)
	}
	if err := <-answered; err != nil {
		t.Error(err)
	}
}

func TestKilledBackendTakesTheOthersAlong(t *testing.T) {
	s := startServer(t)
	victim, other := postgrestest.Connect(t, s.URL), postgrestest.Connect(t, s.URL)
	began := func(conn *pgx.Conn) (at time.Time) {
		t.Helper()
		if err := conn.QueryRow(t.Context(), "SELECT pg_postmaster_start_time()").Scan(&at); err != nil {
			t.Fatal(err)
		}
		return at
	}
	before := began(other)
	if err := s.KillBackend(victim.PgConn()); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); other.Ping(t.Context()) == nil; {
		if time.Now().After(deadline) {
			t.Fatal("the others go on")
		}
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		conn, err := pgx.Connect(t.Context(), s.URL)
		if err == nil {
			if !began(conn).Equal(before) {
				t.Error("it is another server")
			}
			_ = conn.Close(t.Context())
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the server does not recover: %v", err)
		}
	}
}
