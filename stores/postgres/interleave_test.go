package postgres_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/stores/postgres"
	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

func n64(n int) event.Version { return event.Version(n) }

func number(t testing.TB, p event.Position) int {
	t.Helper()
	_, text, _ := strings.Cut(p.String(), ".")
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// reader returns the ids of what it has not shown yet, and may show.
type reader func(t testing.TB) []event.ID

// feedOf reads the feed from where it stands now.
func feedOf(t testing.TB, s *postgres.Store) reader {
	t.Helper()
	var q eventstore.FeedQuery
	read := func(t testing.TB) (ids []event.ID) {
		t.Helper()
		for {
			page, err := s.Page(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			for _, rec := range page.Records {
				ids = append(ids, rec.ID)
			}
			if q.After = page.Next; page.AtHead || page.Stall != nil {
				return ids
			}
		}
	}
	read(t)
	return read
}

// inserted does without the store, as a bulk load would.
func inserted(t testing.TB, tx bun.Tx, a eventstore.Append) {
	t.Helper()
	v, _ := a.Expect.Version()
	for i, d := range a.Events {
		if _, err := tx.ExecContext(t.Context(), `INSERT INTO es_events (event_id, tenant, category, stream, version, type, schema, occurred_at, recorded_at, data)
			VALUES (?, '', ?, ?, ?, ?, 1, now(), now(), '{}')`, d.ID, a.Stream.Category, a.Stream.ID, int(v)+i+1, d.Type); err != nil {
			t.Fatal(err)
		}
	}
}

// interleave has transactions that append in turns, so that their positions alternate, and ends
// them in some order, some by a rollback. After each step the reader looks. It returns the ids
// that the reader should have shown and those that it has.
func interleave(t testing.TB, s *postgres.Store, order []int, rolledBack int, late bool) (want, got []event.ID) {
	t.Helper()
	read := feedOf(t, s)
	txs := make([]bun.Tx, len(order))
	for i := range txs {
		k := i
		if late { // who appends first has the later transaction id
			k = len(txs) - 1 - i
		}
		var err error
		if txs[k], err = s.DB().BeginTx(context.WithoutCancel(t.Context()), nil); err != nil {
			t.Fatal(err)
		}
		defer txs[k].Rollback()
		if _, err := txs[k].ExecContext(t.Context(), "SELECT pg_current_xact_id()"); err != nil {
			t.Fatal(err)
		}
	}
	run := event.NewID().String()
	drawn := make([][]event.ID, len(txs)) // by turn
	for turn := range 2 {
		for i, tx := range txs {
			a := to(stream(fmt.Sprint(run, i)), eventstore.Exactly(event.Version(2*turn)), "a", "b")
			inserted(t, tx, a)
			drawn[i] = append(drawn[i], a.Events[0].ID, a.Events[1].ID)
			got = append(got, read(t)...)
		}
	}
	kept := make(map[event.ID]bool)
	for _, i := range order {
		end := txs[i].Commit
		if rolledBack&(1<<i) != 0 {
			end = txs[i].Rollback
		} else {
			for _, id := range drawn[i] {
				kept[id] = true
			}
		}
		if err := end(); err != nil {
			t.Fatal(err)
		}
		got = append(got, read(t)...)
	}
	for turn := range 2 {
		for i := range txs {
			for _, id := range drawn[i][2*turn : 2*turn+2] {
				if kept[id] {
					want = append(want, id)
				}
			}
		}
	}
	return want, got
}

// everyInterleaving calls fn with each order in which two and three transactions can end, each
// choice of those that are rolled back, and both orders of their ids.
func everyInterleaving(fn func(order []int, rolledBack int, late bool)) {
	for _, order := range [][]int{{0, 1}, {1, 0}, {0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
		for rolledBack := range 1 << len(order) {
			for _, late := range []bool{false, true} {
				fn(order, rolledBack, late)
			}
		}
	}
}

// The suite interleaves what is appended. What comes into the table in another way stands in the
// same feed.
func TestInterleavedInserts(t *testing.T) {
	s := open(t, postgrestest.Database(t), postgres.Config{})
	everyInterleaving(func(order []int, rolledBack int, late bool) {
		want, got := interleave(t, s, order, rolledBack, late)
		if !slices.Equal(got, want) {
			t.Errorf("ended in order %v, rolled back %b, ids reversed %v: the feed shows %v, want %v", order, rolledBack, late, got, want)
		}
	})
}
