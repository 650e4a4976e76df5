package chaos_test

import (
	"context"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/e2e/supervisor"
	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

// A server one of whose processes is killed recovers under the process id and the start time that it
// had. What it had not written to its log by then it has forgotten, and positions that it had given
// to transactions which came to nothing are given out again. A feed that took them for dead must not
// skip what stands there now.
func TestPositionsGivenOutAgainAfterABackendWasKilled(t *testing.T) {
	server := startServer(t, "wal_writer_delay=10s") // or what it forgets is a matter of luck
	store := openStore(t, server.URL)
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	begin := func() bun.Tx {
		tx, err := store.DB().BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
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
	rollBack := func(times int) {
		t.Helper()
		for range times {
			tx := begin()
			add(store.WithTx(tx))
			if err := tx.Rollback(); err != nil {
				t.Fatal(err)
			}
		}
	}
	read := func(after event.Cursor) eventstore.Page {
		t.Helper()
		page, err := store.Page(t.Context(), eventstore.FeedQuery{After: after})
		if err != nil {
			t.Fatal(err)
		}
		return page
	}
	// PostgreSQL logs 32 positions ahead, and what it logs it writes with the next commit at the latest.
	// So some of these are in a log that is not written.
	add(store)
	rollBack(40)
	if _, err := store.Head(t.Context()); err != nil {
		t.Fatal(err)
	}
	at := read(event.Cursor{}).Next

	victim := postgrestest.Connect(t, server.URL)
	if err := server.KillBackend(victim.PgConn()); err != nil {
		t.Fatal(err)
	}
	if err := supervisor.Poll(t.Context(), time.Minute, func(ctx context.Context) error {
		if err := victim.Ping(ctx); err == nil {
			return errStillUp
		}
		_, err := store.Head(ctx)
		return err
	}); err != nil {
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
