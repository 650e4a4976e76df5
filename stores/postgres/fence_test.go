package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/stores/postgres"
	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

// begin returns a transaction that is rolled back when the test ends, if not before.
func begin(t testing.TB, s *postgres.Store) bun.Tx {
	t.Helper()
	tx, err := s.DB().BeginTx(context.WithoutCancel(t.Context()), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback() })
	return tx
}

func exec(t testing.TB, db bun.IDB, text string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), text); err != nil {
		t.Fatal(err)
	}
}

func end(t testing.TB, how func() error) {
	t.Helper()
	if err := how(); err != nil {
		t.Fatal(err)
	}
}

// requirePage fails unless the whole feed has n records, and stands still or doesn't.
func requirePage(t testing.TB, s *postgres.Store, n int, stalled bool) eventstore.Page {
	t.Helper()
	page, err := s.Page(t.Context(), eventstore.FeedQuery{})
	if err != nil || len(page.Records) != n || (page.Stall != nil) != stalled || page.AtHead == stalled {
		t.Fatalf("%d records, stall %v, at head %v, %v; want %d, stalled %v", len(page.Records), page.Stall, page.AtHead, err, n, stalled)
	}
	head, err := s.Head(t.Context())
	if err != nil || head != page.Next.Position {
		t.Errorf("the head is %v, pages reach %v, %v", head, page.Next.Position, err)
	}
	filtered, err := s.Page(t.Context(), eventstore.FeedQuery{Types: []string{"a"}})
	if err != nil || len(filtered.Records) != n || (filtered.Stall != nil) != stalled || filtered.Next != page.Next {
		t.Errorf("filtered: %d records to %v, stall %v, %v; want %d to %v", len(filtered.Records), filtered.Next, filtered.Stall, err, n, page.Next)
	}
	return page
}

func TestRolledBackAppendIsNothingToWaitFor(t *testing.T) {
	s := open(t, postgrestest.Database(t), postgres.Config{})
	tx := begin(t, s)
	mustAppend(t, s.WithTx(tx), to(one, eventstore.NoStream, "a"))
	mustAppend(t, s, to(two, eventstore.NoStream, "a"))
	end(t, tx.Rollback)
	requirePage(t, s, 1, false)
}

func TestStallNamesWhoIsInTheWay(t *testing.T) {
	s := open(t, postgrestest.Database(t)+"&application_name=shop", postgres.Config{})
	requirePage(t, s, 0, false) // the sequence is as it was made
	tx := begin(t, s)
	mustAppend(t, s.WithTx(tx), to(one, eventstore.NoStream, "a"))
	var pid int
	if err := tx.QueryRowContext(t.Context(), "SELECT pg_backend_pid()").Scan(&pid); err != nil {
		t.Fatal(err)
	}
	requirePage(t, s, 0, false)
	mustAppend(t, s, to(two, eventstore.NoStream, "a"))
	first := requirePage(t, s, 0, true).Stall
	if want := fmt.Sprintf(`position 1 may still be filled by the transaction of pid %d, application "shop", open for `, pid); !strings.HasPrefix(first.Cause, want) {
		t.Errorf("cause %q, want %q", first.Cause, want)
	}
	// Those who come later are not in the way.
	later := begin(t, s)
	mustAppend(t, s.WithTx(later), to(stream("3"), eventstore.NoStream, "a"))
	if again := requirePage(t, s, 0, true).Stall; !again.Since.Equal(first.Since) {
		t.Errorf("it stands since %v and since %v", first.Since, again.Since)
	}
	end(t, tx.Rollback)
	requirePage(t, s, 1, false)
	mustAppend(t, s, to(two, eventstore.Any, "a"))
	requirePage(t, s, 1, true)
	end(t, later.Commit)
	requirePage(t, s, 3, false)
}

func TestForeignTransactionsAreNothingToWaitFor(t *testing.T) {
	at := postgrestest.Database(t)
	s := open(t, at, postgres.Config{})
	exec(t, s.DB(), "CREATE TABLE other (n int)")
	busy, reading := begin(t, s), begin(t, s)
	exec(t, busy, "INSERT INTO other VALUES (1)")
	exec(t, reading, "SELECT FROM es_events")
	// Another log in the same database, and the same table of a clone of it.
	neighbour := open(t, at, postgres.Config{Schema: "neighbour", Prefix: "log_"})
	mustAppend(t, neighbour.WithTx(begin(t, neighbour)), to(one, eventstore.NoStream, "a"))

	gap := begin(t, s)
	mustAppend(t, s.WithTx(gap), to(one, eventstore.NoStream, "a"))
	mustAppend(t, s, to(two, eventstore.NoStream, "a"))
	end(t, gap.Rollback)
	requirePage(t, s, 1, false)
}

func TestCloneIsAnotherDatabase(t *testing.T) {
	at := postgrestest.Database(t)
	original, err := postgres.Open(t.Context(), at, postgres.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(original.Migrate(t.Context()), original.Close()); err != nil {
		t.Fatal(err)
	}
	clones := postgrestest.Clone(t, at)
	s := open(t, at, postgres.Config{})
	clone := open(t, clones, postgres.Config{})
	mustAppend(t, clone.WithTx(begin(t, clone)), to(one, eventstore.NoStream, "a"))

	gap := begin(t, s)
	mustAppend(t, s.WithTx(gap), to(one, eventstore.NoStream, "a"))
	mustAppend(t, s, to(two, eventstore.NoStream, "a"))
	end(t, gap.Rollback)
	requirePage(t, s, 1, false)
}

// A transaction has another name once it is prepared, and survives a crash.
func TestPreparedTransactionsAreWaitedFor(t *testing.T) {
	server, err := postgrestest.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := server.Remove(); err != nil {
			t.Error(err)
		}
	}()
	s, err := postgres.Open(t.Context(), server.URL, postgres.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	prepare := func(id string, look bool) {
		t.Helper()
		tx := begin(t, s)
		mustAppend(t, s.WithTx(tx), to(stream(id), eventstore.NoStream, "a"))
		if look {
			mustAppend(t, s, to(two, eventstore.Any, "a"))
			requirePage(t, s, 0, true)
		}
		exec(t, tx, "PREPARE TRANSACTION '"+id+"'")
		_ = tx.Rollback() // there is none any more
	}
	prepare("known", true)
	prepare("unknown", false)
	mustAppend(t, s, to(two, eventstore.Any, "a"))
	if stall := requirePage(t, s, 0, true).Stall; !strings.Contains(stall.Cause, `the prepared transaction "known", open for `) {
		t.Errorf("cause %q", stall.Cause)
	}
	if err := errors.Join(server.Kill(), server.Restart(t.Context())); err != nil {
		t.Fatal(err)
	}
	for _, err := s.Head(t.Context()); err != nil; _, err = s.Head(t.Context()) { // connections that are gone
		if !errors.Is(err, postgres.ErrUnreachable) {
			t.Fatal(err)
		}
	}
	requirePage(t, s, 0, true)
	exec(t, s.DB(), "COMMIT PREPARED 'known'")
	requirePage(t, s, 2, true)
	exec(t, s.DB(), "ROLLBACK PREPARED 'unknown'")
	requirePage(t, s, 3, false)
}
