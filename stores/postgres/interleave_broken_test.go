package postgres_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/eventstore/eventstoretest"
	"github.com/eventsource-go/eventsource/stores/postgres"
	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

// brokenFeeds are feeds that others have, as a statement each: where an event stands, and whether
// it is shown. The transaction of an event is a column of its own, because xmin is that of the
// savepoint.
var brokenFeeds = []struct {
	name         string
	place, shown string
	by, passes   []string // cases of the suite
}{
	{
		name: "naive", place: "position", shown: "true",
		by:     []string{"Interleaved/TwoInEachOrder", "Interleaved/SleeperIsWaitedFor", "Interleaved/RandomSteps"},
		passes: []string{"Interleaved/WhoDoesNotAppendIsNot"},
	},
	{
		name: "by position, below xmin", place: "position", shown: "xact < pg_snapshot_xmin(pg_current_snapshot())",
		by:     []string{"Interleaved/WroteElsewhereFirst"},
		passes: []string{"Interleaved/FiltersWaitToo"},
	},
	{
		name: "by transaction id", place: "(xact::text::bigint << 32) + position", shown: "xact < pg_snapshot_xmin(pg_current_snapshot())",
		by:     []string{"Interleaved/FeedKeepsStreamOrder", "Interleaved/WhoDoesNotAppendIsNot"},
		passes: []string{"Interleaved/TwoInEachOrder", "Interleaved/WroteElsewhereFirst", "Interleaved/ManyInTurn"},
	},
	{ // the place is a number that sorts as the text does
		name: "by transaction id, as a text", place: "((rpad(xact::text, 7, '0') || length(xact::text))::bigint << 32) + position", shown: "xact < pg_snapshot_xmin(pg_current_snapshot())",
		by:     []string{"Interleaved/ManyInTurn"},
		passes: []string{"Interleaved/TwoInEachOrder", "Interleaved/WroteElsewhereFirst"},
	},
}

// TestBrokenFeedsAreRejected has a server of its own: the oldest transaction of any test would
// be that of them all.
func TestBrokenFeedsAreRejected(t *testing.T) {
	t.Parallel()
	server, err := postgrestest.Start(t.Context(), "autovacuum=off")
	if err != nil {
		t.Fatal(err)
	}
	defer remove(t, server)
	admin, databases := postgrestest.Connect(t, server.URL), 0
	cases := eventstoretest.Cases(eventstoretest.Features{Begin: beginOwn, Interleaved: true})
	for _, b := range brokenFeeds {
		verdictOf := func(t *testing.T, name string) string {
			t.Helper()
			i := slices.IndexFunc(cases, func(c eventstoretest.Case) bool { return c.Name == name })
			if i < 0 {
				t.Fatalf("there is no case %s", name)
			}
			return said(t, func(tb testing.TB) {
				cases[i].Run(tb, func(tb testing.TB, _ eventstoretest.Options) eventstore.Store {
					databases++
					if _, err := admin.Exec(tb.Context(), fmt.Sprintf("CREATE DATABASE broken%d", databases)); err != nil {
						tb.Fatal(err)
					}
					s := open(tb, withConnections(tb, strings.Replace(server.URL, "/postgres?", fmt.Sprintf("/broken%d?", databases), 1), 16), postgres.Config{ListenURL: "-"})
					exec(tb, s.DB(), "CREATE TABLE elsewhere (n int)")
					exec(tb, s.DB(), "ALTER TABLE es_events ADD COLUMN xact xid8 NOT NULL DEFAULT pg_current_xact_id()")
					if name == "Interleaved/ManyInTurn" {
						exec(tb, s.DB(), almostOneMoreDigit)
					}
					return &brokenFeed{Store: s, text: fmt.Sprintf(`SELECT event_id, category, stream, version, type, tenant, %s AS place, %s AS shown,
						(SELECT id FROM es_store) AS store FROM es_events ORDER BY place`, b.place, b.shown)}
				})
			})
		}
		t.Run(b.name, func(t *testing.T) {
			for _, name := range append([]string{"Feed/EveryEventInOrder", "Tx/FeedShowsItWhole"}, b.passes...) {
				if said := verdictOf(t, name); said != "" {
					t.Errorf("%s: %s", name, said)
				}
			}
			for _, name := range b.by {
				if said := verdictOf(t, name); said == "" {
					t.Errorf("it passes %s", name)
				} else {
					t.Logf("%s: %s", name, said)
				}
			}
		})
	}
}

// almostOneMoreDigit uses up transaction ids until the next few have as many digits, and those
// after them have one more.
const almostOneMoreDigit = `DO $$ BEGIN
	WHILE pg_current_xact_id()::text::bigint < 10 ^ length(pg_current_xact_id()::text) - 15 LOOP
		ROLLBACK;
	END LOOP;
END $$`

// brokenFeed is a store with the feed that a statement makes.
type brokenFeed struct {
	*postgres.Store
	text string
}

func (b *brokenFeed) Page(ctx context.Context, q eventstore.FeedQuery) (eventstore.Page, error) {
	q, err := q.Resolve(ctx)
	if err != nil {
		return eventstore.Page{}, err
	}
	var rows []struct {
		EventID, Store                 event.ID
		Category, Stream, Type, Tenant string
		Version                        uint64
		Place                          int64
		Shown                          bool
	}
	if err := b.DB().NewRaw(b.text).Scan(ctx, &rows); err != nil {
		return eventstore.Page{}, err
	}
	page := eventstore.Page{Next: q.After, AtHead: true}
	for _, row := range rows {
		rec := event.Record{Header: event.Header{
			ID: row.EventID, Stream: event.StreamID{Category: row.Category, ID: row.Stream}, Version: event.Version(row.Version),
			Position: event.NewPosition(row.Store, uint64(row.Place)), Type: row.Type, Metadata: event.Metadata{Tenant: row.Tenant},
		}}
		switch c, err := rec.Position.Compare(q.After.Position); {
		case err != nil:
			return page, err
		case !row.Shown:
			page.AtHead, page.Stall = false, &eventstore.Stall{Cause: "a transaction", Since: time.Unix(1, 0)}
			continue
		case c <= 0:
			continue
		case len(page.Records) == q.Limit:
			return eventstore.Page{Records: page.Records, Next: page.Next}, nil
		}
		page.Next = event.Cursor{Position: rec.Position, Event: rec.ID}
		if (len(q.Types) == 0 || slices.Contains(q.Types, rec.Type)) && (q.Tenant == "" || q.Tenant == rec.Metadata.Tenant) &&
			(len(q.Categories) == 0 || slices.Contains(q.Categories, rec.Stream.Category)) {
			page.Records = append(page.Records, rec)
		}
	}
	return page, nil
}

// Head is where pages end.
func (b *brokenFeed) Head(ctx context.Context) (event.Position, error) {
	page, err := b.Page(event.WithTenant(ctx, ""), eventstore.FeedQuery{Limit: eventstore.MaxPageEvents})
	return page.Next.Position, err
}

// said returns what a test fails with, empty if it passes.
func said(t *testing.T, test func(tb testing.TB)) string {
	t.Helper()
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() { // which the test may leave
		defer close(done)
		defer r.cleanUp()
		test(r)
	}()
	<-done
	return strings.Join(r.said, "\n")
}

// recorder is a testing.TB that keeps what fails it.
type recorder struct {
	testing.TB
	said     []string
	cleanups []func()
}

func (r *recorder) Helper()                   {}
func (r *recorder) Failed() bool              { return len(r.said) > 0 }
func (r *recorder) Cleanup(fn func())         { r.cleanups = append(r.cleanups, fn) }
func (r *recorder) Error(args ...any)         { r.said = append(r.said, fmt.Sprint(args...)) }
func (r *recorder) Errorf(f string, a ...any) { r.said = append(r.said, fmt.Sprintf(f, a...)) }
func (r *recorder) Fatal(args ...any)         { r.Error(args...); runtime.Goexit() }
func (r *recorder) Fatalf(f string, a ...any) { r.Errorf(f, a...); runtime.Goexit() }

func (r *recorder) cleanUp() {
	for _, fn := range slices.Backward(r.cleanups) {
		fn()
	}
}
