package chaos_test

import (
	"context"
	"testing"

	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/e2e/supervisor"
)

// A server one of whose processes is killed recovers under the process id and the start time that it
// had. What it had not written to its log by then it has forgotten, and positions that it had given
// to transactions which came to nothing are given out again. A feed that took them for dead must not
// skip what stands there now.
func TestPositionsGivenOutAgainAfterABackendWasKilled(t *testing.T) {
	t.Parallel()
	server := startServer(t, "wal_writer_delay=10s") // or what it forgets is a matter of luck
	store := openStore(t, server.URL)
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	// The pool finds out about connections that are gone by using them.
	until := func(do func(ctx context.Context) error) {
		t.Helper()
		if err := supervisor.Poll(t.Context(), patience, do); err != nil {
			t.Fatal(err)
		}
	}
	begin := func() (tx bun.Tx) {
		t.Helper()
		until(func(context.Context) (err error) {
			tx, err = store.DB().BeginTx(t.Context(), nil)
			return err
		})
		return tx
	}
	add := func(streams eventstore.Streams) event.Position {
		t.Helper()
		res, err := streams.Append(t.Context(), fresh(eventstore.NoStream, 1))
		if err != nil {
			t.Fatal(err)
		}
		return res[0].Position
	}
	read := func(after event.Cursor) (page eventstore.Page) {
		t.Helper()
		until(func(ctx context.Context) (err error) {
			page, err = store.Page(ctx, eventstore.FeedQuery{After: after})
			return err
		})
		return page
	}
	// PostgreSQL logs 32 positions ahead, and what it logs it writes with the next commit at the latest.
	// So some of these are in a log that is not written.
	add(store)
	for range 40 {
		tx := begin()
		add(store.WithTx(tx))
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
	}
	at := read(event.Cursor{}).Next // which settles what is dead
	if _, err := store.Head(t.Context()); err != nil {
		t.Fatal(err)
	}

	if err := killProcess(t.Context(), server); err != nil {
		t.Fatal(err)
	}
	first := begin()
	slow := add(store.WithTx(first))
	quick := add(store)
	page := read(at)
	t.Logf("slow at %v, quick at %v; the feed goes on to %v, stall %v", slow, quick, page.Next.Position, page.Stall)
	if err := first.Commit(); err != nil {
		t.Fatal(err)
	}
	page.AtHead = false // there is more now
	seen := page.Records
	for !page.AtHead {
		page = read(page.Next)
		seen = append(seen, page.Records...)
	}
	if len(seen) != 2 || seen[0].Position != slow || seen[1].Position != quick {
		t.Errorf("the feed showed %d of 2 events", len(seen))
	}
}
