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
	stream := func(id string) event.StreamID { return event.StreamID{Category: "chaos", ID: id} }
	draft := func() []event.Draft {
		return []event.Draft{{ID: event.NewID(), Type: "chaos.a", Schema: 1, Data: []byte(`{}`)}}
	}
	begin := func() bun.Tx {
		tx, err := store.DB().BeginTx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		return tx
	}
	appendTo := func(streams eventstore.Streams, id string) event.Position {
		t.Helper()
		res, err := streams.Append(t.Context(), eventstore.Append{Stream: stream(id), Expect: eventstore.Any, Events: draft()})
		if err != nil {
			t.Fatal(err)
		}
		return res[0].Position
	}
	read := func(after event.Cursor) eventstore.Page {
		t.Helper()
		page, err := store.Page(t.Context(), eventstore.FeedQuery{After: after})
		if err != nil {
			t.Fatal(err)
		}
		return page
	}
	appendTo(store, "before")
	// PostgreSQL logs 32 positions ahead: past them, the next one is in no log yet.
	for range 32 {
		tx := begin()
		appendTo(store.WithTx(tx), "nothing")
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
	}
	appendTo(store, "before")
	for range 40 {
		tx := begin()
		appendTo(store.WithTx(tx), "nothing")
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
	}
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
	slow := appendTo(store.WithTx(first), "slow")
	quick := appendTo(store, "quick")
	page := read(at)
	t.Logf("slow at %v, quick at %v; the feed goes from %v to %v, stall %v", slow, quick, at.Position, page.Next.Position, page.Stall)
	if err := first.Commit(); err != nil {
		t.Fatal(err)
	}
	seen := page.Records
	for q := page.Next; ; {
		page := read(q)
		seen, q = append(seen, page.Records...), page.Next
		if page.AtHead {
			break
		}
	}
	if len(seen) != 2 || seen[0].Position != slow || seen[1].Position != quick {
		t.Errorf("the feed showed %d of 2 events", len(seen))
	}
}
