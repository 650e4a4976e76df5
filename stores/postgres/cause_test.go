package postgres_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/stores/postgres"
	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

// Where a position that is given up stands before one that is awaited, the stall names who is
// awaited.
func TestStallNamesWhoIsAwaitedBehindADeadHole(t *testing.T) {
	s := open(t, postgrestest.Database(t), postgres.Config{ListenURL: "-"})
	mustAppend(t, s, to(one, eventstore.NoStream, "a"))
	given, err := s.DB().BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.WithTx(given).Append(t.Context(), to(two, eventstore.Any, "b")); err != nil {
		t.Fatal(err)
	}
	if err := given.Rollback(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Head(t.Context()); err != nil {
		t.Fatal(err)
	}
	awaited, err := s.DB().BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = awaited.Rollback() }()
	var pid int
	if err := awaited.QueryRowContext(t.Context(), "SELECT pg_backend_pid()").Scan(&pid); err != nil {
		t.Fatal(err)
	}
	if _, err := s.WithTx(awaited).Append(t.Context(), to(two, eventstore.Any, "b")); err != nil {
		t.Fatal(err)
	}
	mustAppend(t, s, to(one, eventstore.Any, "a"))
	page, err := s.Page(t.Context(), eventstore.FeedQuery{})
	if err != nil || page.Stall == nil {
		t.Fatalf("page %+v, %v", page, err)
	}
	if want := fmt.Sprintf("position 3 may still be filled by the transaction of pid %d,", pid); !strings.HasPrefix(page.Stall.Cause, want) {
		t.Errorf("the cause is %q, want %q", page.Stall.Cause, want)
	}
}
