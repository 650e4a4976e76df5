package sqlite

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// objects returns everything that is in the schema, in one order.
func objects(t *testing.T, s *Store) []string {
	t.Helper()
	rows, err := s.DB().QueryContext(t.Context(), "SELECT type || ' ' || name || ': ' || coalesce(sql, '') FROM sqlite_schema ORDER BY 1")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		all = append(all, text)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// Whichever version of the schema a file began with, it ends with that of a fresh one, and with
// the events that it got on the way.
func TestUpgradeEndsInAFreshSchema(t *testing.T) {
	want := objects(t, openForGroups(t, Config{}))
	if len(want) < 5 {
		t.Fatalf("the schema is %q", want)
	}
	last := len(Migrations.Migrations)
	for first := 1; first < last; first++ {
		s, err := Open(t.Context(), filepath.Join(t.TempDir(), "events.db"), Config{})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		for n := first; n <= last; n++ {
			older := Migrations
			older.Migrations = older.Migrations[:n]
			if err := s.writeTx(t.Context(), func(ctx context.Context, tx bun.Tx) error {
				if err := older.Apply(ctx, tx); err != nil {
					return err
				}
				return storeByHand(ctx, tx, n)
			}); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Migrate(t.Context()); err != nil { // there is nothing to do
			t.Fatal(err)
		}
		if got := objects(t, s); !slices.Equal(got, want) {
			t.Errorf("from %d: the schema is\n%q, want\n%q", first, got, want)
		}
		page, err := s.Page(t.Context(), eventstore.FeedQuery{})
		if err != nil || len(page.Records) != last-first+1 {
			t.Errorf("from %d: %d records, %v", first, len(page.Records), err)
		}
		for i, rec := range page.Records {
			stream := event.StreamID{Category: "test", ID: fmt.Sprint(first + i)}
			if string(rec.Data) != fmt.Sprintf(`{"after":%d}`, first+i) || rec.Version != 1 || rec.Stream != stream {
				t.Errorf("from %d: record %d is %+v", first, i, rec)
			}
		}
		if _, err := s.Append(t.Context(), draftTo(fmt.Sprint(first), eventstore.Exactly(1), "a")); err != nil {
			t.Error(err)
		}
	}
}

// storeByHand appends as the first version of the program did.
func storeByHand(ctx context.Context, tx bun.Tx, n int) error {
	if _, err := tx.ExecContext(ctx, `INSERT INTO es_streams (tenant, category, stream, version) VALUES ('', 'test', ?, 1)`, fmt.Sprint(n)); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO es_events (event_id, tenant, category, stream, version, type, schema, occurred_at, recorded_at, metadata, data)
		VALUES (randomblob(16), '', 'test', ?, 1, 'a', 1, 1, 1, '', ?)`, fmt.Sprint(n), fmt.Sprintf(`{"after":%d}`, n))
	return err
}
