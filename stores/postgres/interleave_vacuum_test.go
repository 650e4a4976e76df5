package postgres_test

import (
	"testing"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/stores/postgres"
	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

// Maintenance moves rows, gives the table another file, and takes locks of all kinds. Nothing of
// that is to be seen in the feed, whose reader is between two pages.
func TestMaintenanceChangesNothing(t *testing.T) {
	t.Parallel()
	at := postgrestest.Database(t)
	s := open(t, at, postgres.Config{})
	for range 6 {
		fill(t, s)
	}
	all := mustFollow(t, s, event.Cursor{}, 100)
	q, seen := eventstore.FeedQuery{Limit: 4}, 0
	for _, text := range []string{
		"VACUUM es_events", "VACUUM FULL es_events", "CLUSTER es_events USING es_events_version", "ANALYZE es_events",
		"REINDEX TABLE es_events", "VACUUM (FREEZE) es_events", "CLUSTER es_events USING es_events_pkey", "VACUUM FULL",
	} {
		page, err := s.Page(t.Context(), q)
		if err != nil || len(page.Records) != q.Limit || !sameRecords(page.Records, all[seen:seen+q.Limit]) {
			t.Fatalf("before %s: %d records, %v", text, len(page.Records), err)
		}
		seen, q.After = seen+len(page.Records), page.Next
		exec(t, s.DB(), text)
		if rest := mustFollow(t, s, q.After, 9); !sameRecords(rest, all[seen:]) {
			t.Fatalf("after %s the rest is %d records, want %d", text, len(rest), len(all)-seen)
		}
		for _, r := range []*postgres.Store{s, openMigrated(t, at, postgres.Config{ListenURL: "-"})} {
			if whole := mustFollow(t, r, event.Cursor{}, 100); !sameRecords(whole, all) {
				t.Fatalf("after %s there are %d records, want %d", text, len(whole), len(all))
			}
		}
	}
	// The table's file is another one; its locks are found all the same.
	tx := begin(t, s)
	mustAppend(t, s.WithTx(tx), to(stream("late"), eventstore.NoStream, "a"))
	mustAppend(t, s, to(stream("early"), eventstore.NoStream, "a"))
	exec(t, s.DB(), "VACUUM es_events")
	if recs, stall, err := follow(t.Context(), s, cursorOf(all[len(all)-1]), 4); err != nil || stall == nil || len(recs) != 0 {
		t.Errorf("%d records, stall %v, %v", len(recs), stall, err)
	}
	end(t, tx.Commit)
	if rest := mustFollow(t, s, cursorOf(all[len(all)-1]), 4); len(rest) != 2 || rest[0].Stream != stream("late") {
		t.Errorf("%d records in the end, want the late one and the early one", len(rest))
	}
}
