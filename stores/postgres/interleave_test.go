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

// broken reads with a query of its own, which has the last position seen as its argument.
func broken(query string) func(t testing.TB, s *postgres.Store) reader {
	return func(t testing.TB, s *postgres.Store) reader {
		last := 0
		read := func(t testing.TB) (ids []event.ID) {
			t.Helper()
			var rows []struct {
				Position int
				EventID  event.ID
			}
			if err := s.DB().NewRaw(query, last).Scan(t.Context(), &rows); err != nil {
				t.Fatal(err)
			}
			for _, row := range rows {
				ids, last = append(ids, row.EventID), row.Position
			}
			return ids
		}
		read(t)
		return read
	}
}

const (
	naive = `SELECT position, event_id FROM es_events WHERE position > ? ORDER BY position`
	xmins = `SELECT position, event_id FROM es_events WHERE position > ? AND xmin::text::bigint < pg_snapshot_xmin(pg_current_snapshot())::text::bigint ORDER BY position`
)

// adder adds events to a stream that is at a version, in a transaction.
type adder func(t testing.TB, s *postgres.Store, tx bun.Tx, a eventstore.Append)

func appended(t testing.TB, s *postgres.Store, tx bun.Tx, a eventstore.Append) {
	t.Helper()
	mustAppend(t, s.WithTx(tx), a)
}

// inserted does without the store, as a bulk load would.
func inserted(t testing.TB, _ *postgres.Store, tx bun.Tx, a eventstore.Append) {
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
func interleave(t testing.TB, s *postgres.Store, open func(testing.TB, *postgres.Store) reader, add adder, order []int, rolledBack int, late bool) (want, got []event.ID) {
	t.Helper()
	read := open(t, s)
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
			add(t, s, tx, a)
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

func TestInterleavings(t *testing.T) {
	for name, add := range map[string]adder{"appended": appended, "inserted": inserted} {
		t.Run(name, func(t *testing.T) {
			s := open(t, postgrestest.Database(t), postgres.Config{})
			everyInterleaving(func(order []int, rolledBack int, late bool) {
				want, got := interleave(t, s, feedOf, add, order, rolledBack, late)
				if !slices.Equal(got, want) {
					t.Errorf("ended in order %v, rolled back %b, ids reversed %v: the feed shows %v, want %v", order, rolledBack, late, got, want)
				}
			})
		})
	}
}

// The interleavings are only as good as what they find: feeds that are known to lose events must
// lose them here.
func TestBrokenFeedsLoseEvents(t *testing.T) {
	for name, query := range map[string]string{"naive": naive, "xmin": xmins} {
		t.Run(name, func(t *testing.T) {
			s, lost := open(t, postgrestest.Database(t), postgres.Config{}), 0
			everyInterleaving(func(order []int, rolledBack int, late bool) {
				want, got := interleave(t, s, broken(query), inserted, order, rolledBack, late)
				lost += len(want) - len(got)
			})
			if lost == 0 {
				t.Error("it lost nothing")
			}
		})
	}
}
