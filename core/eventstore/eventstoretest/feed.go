package eventstoretest

import (
	"context"
	"fmt"
	"slices"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

var feedCases = []scenario{
	{name: "Feed/EmptyStore", run: feedEmpty},
	{name: "Feed/EveryEventInOrder", run: feedOrder},
	{name: "Feed/AgreesWithStreams", run: feedAgrees},
	{name: "Feed/HeadIsTheLastPosition", run: feedHead},
	{name: "Feed/Filters", run: feedFilters},
	{name: "Feed/NextMovesWhenNothingMatches", run: feedMoves},
}

// readFeed reads to the head and returns all records, and where the feed ended.
func (t *trial) readFeed(ctx context.Context, s eventstore.Feed, q eventstore.FeedQuery) ([]event.Record, event.Cursor) {
	t.Helper()
	var recs []event.Record
	for patient := t.patient(); ; {
		page, err := s.Page(ctx, q)
		if err != nil {
			t.Fatalf("page after %v: %v", q.After, err)
		}
		if bad := badPage(q, page); bad != "" {
			t.Fatalf("page after %v: %s", q.After, bad)
		}
		if page.Stall != nil && patient.Err() != nil {
			t.Fatalf("page after %v: stalled by %s for ever", q.After, page.Stall.Cause)
		}
		if recs, q.After = append(recs, page.Records...), page.Next; page.AtHead {
			return recs, q.After
		}
	}
}

// badPage returns what is wrong with a page, as far as it can be told from the page alone.
func badPage(q eventstore.FeedQuery, page eventstore.Page) string {
	limit := q.Limit
	if limit == 0 {
		limit = eventstore.DefaultPageEvents
	}
	if n := len(page.Records); n > limit || n > eventstore.MaxPageEvents {
		return fmt.Sprintf("%d records, at most %d were asked for", n, q.Limit)
	}
	last := q.After.Position
	for _, rec := range page.Records {
		if c, err := rec.Position.Compare(last); err != nil || c <= 0 {
			return fmt.Sprintf("a record at %v follows one at %v: %v", rec.Position, last, err)
		}
		if !wanted(q, rec) {
			return fmt.Sprintf("%s of type %s and tenant %q was not asked for", rec.Stream, rec.Type, rec.Metadata.Tenant)
		}
		last = rec.Position
	}
	c, err := page.Next.Position.Compare(last)
	switch {
	case err != nil || c < 0:
		return fmt.Sprintf("looked to %v, shows %v: %v", page.Next.Position, last, err)
	case c == 0 && len(page.Records) == 0 && !page.AtHead && page.Stall == nil:
		return "no progress, and no head and no stall"
	case c == 0 && len(page.Records) > 0 && page.Next.Event != page.Records[len(page.Records)-1].ID:
		return fmt.Sprintf("looked to event %s, the one there is %s", page.Next.Event, page.Records[len(page.Records)-1].ID)
	case page.Next.Event == (event.ID{}) && c > 0:
		return "looked to a place without naming the event there"
	}
	return ""
}

// wanted reports whether a feed of q shows rec.
func wanted(q eventstore.FeedQuery, rec event.Record) bool {
	return (len(q.Types) == 0 || slices.Contains(q.Types, rec.Type)) &&
		(len(q.Categories) == 0 || slices.Contains(q.Categories, rec.Stream.Category)) &&
		(q.Tenant == "" || q.Tenant == rec.Metadata.Tenant)
}

func feedEmpty(t *trial) {
	s := t.open()
	for _, q := range []eventstore.FeedQuery{{}, {Limit: 1}, {Types: []string{"a"}}, {Categories: []string{"test"}}, {Tenant: "a"}} {
		page, err := s.Page(t.Context(), q)
		if err != nil || len(page.Records) != 0 || page.Next != (event.Cursor{}) || !page.AtHead || page.Stall != nil {
			t.Errorf("%+v: %+v, %v", q, page, err)
		}
	}
	if head, err := s.Head(t.Context()); err != nil || !head.IsZero() {
		t.Errorf("head %v, %v", head, err)
	}
	t.append(s, to(one, eventstore.NoStream, "a"))
	if recs := t.readAll(s); len(recs) != 1 {
		t.Errorf("after the first append: %s", brief(recs))
	}
}

// populate appends 300 events of three types, over streams of two categories and three tenants
// (one of them none), and returns them in the order of the feed.
func (t *trial) populate(s eventstore.Store) []event.Record {
	t.Helper()
	rnd := t.rand()
	var ids []event.ID
	for len(ids) < 300 {
		ctx := event.WithTenant(t.Context(), []string{"", "a", "b"}[rnd.IntN(3)])
		var appends []eventstore.Append
		for _, i := range rnd.Perm(4)[:1+rnd.IntN(2)] {
			a := eventstore.Append{Stream: event.StreamID{Category: []string{"test", "other"}[i%2], ID: fmt.Sprint(i)}, Expect: eventstore.Any}
			for range 1 + rnd.IntN(3) {
				d := draft([]string{"x", "y", "z"}[rnd.IntN(3)])
				a.Events, ids = append(a.Events, d), append(ids, d.ID)
			}
			appends = append(appends, a)
		}
		t.appendIn(ctx, s, appends...)
	}
	all := t.readAll(s)
	if !slices.EqualFunc(all, ids, func(rec event.Record, id event.ID) bool { return rec.ID == id }) {
		t.Fatalf("the feed shows %s and not the %d events in the order in which they were appended", brief(all), len(ids))
	}
	return all
}

func feedOrder(t *trial) {
	s := t.open()
	var want []event.ID
	for i := range 40 {
		a := many(numbered(i%3), eventstore.Any, 1+i%3)
		t.append(s, a)
		for _, d := range a.Events {
			want = append(want, d.ID)
		}
	}
	for _, limit := range []int{0, 1, 7, len(want) - 1, len(want), len(want) + 1} {
		recs, next := t.readFeed(t.Context(), s, eventstore.FeedQuery{Limit: limit})
		var got []event.ID
		for _, rec := range recs {
			got = append(got, rec.ID)
		}
		if !slices.Equal(got, want) {
			t.Errorf("pages of %d show\n%v, appended were\n%v", limit, got, want)
		}
		if last := recs[len(recs)-1]; next != (event.Cursor{Position: last.Position, Event: last.ID}) {
			t.Errorf("pages of %d end at %v, the last event is %s at %v", limit, next, last.ID, last.Position)
		}
	}
}

// feedAgrees compares the feed with the streams, record by record.
func feedAgrees(t *trial) {
	s := t.open()
	all := t.populate(s)
	type key struct {
		tenant string
		stream event.StreamID
	}
	streams := make(map[key][]event.Record)
	for _, rec := range all {
		k := key{rec.Metadata.Tenant, rec.Stream}
		streams[k] = append(streams[k], rec)
	}
	for k, want := range streams {
		got := t.collect(s.Read(event.WithTenant(t.Context(), k.tenant), k.stream, eventstore.ReadQuery{}))
		t.requireSame(k.stream.String(), got, want)
		for i, rec := range want {
			if rec.Version != event.Version(i+1) {
				t.Fatalf("the feed shows version %d of %s at place %d", rec.Version, k.stream, i+1)
			}
		}
	}
}

func feedHead(t *trial) {
	s := t.open()
	for i, ctx := range []context.Context{t.Context(), event.WithTenant(t.Context(), "a"), t.Context(), event.WithTenant(t.Context(), "b")} {
		res := t.appendIn(ctx, s, to(one, eventstore.Any, "a", "b"), to(two, eventstore.Any, "c"))
		for _, reader := range []context.Context{t.Context(), event.WithTenant(t.Context(), "a"), event.WithTenant(t.Context(), "nobody")} {
			if head, err := s.Head(reader); err != nil || head != res[1].Position {
				t.Errorf("append %d ends at %v, the head is %v, %v", i, res[1].Position, head, err)
			}
			if _, next := t.readFeed(reader, s, eventstore.FeedQuery{Limit: 2}); next.Position != res[1].Position {
				t.Errorf("append %d ends at %v, the feed at %v", i, res[1].Position, next.Position)
			}
		}
	}
	last, _ := s.Head(t.Context())
	if _, err := s.Append(t.Context(), to(one, eventstore.NoStream, "x")); err == nil {
		t.Error("a conflict was stored")
	}
	t.append(s, closing(to(one, eventstore.Any)))
	if head, err := s.Head(t.Context()); err != nil || head != last {
		t.Errorf("what stored no event moved the head from %v to %v, %v", last, head, err)
	}
}

// feedQueries are filters of what populate appends.
func feedQueries() []eventstore.FeedQuery {
	var all []eventstore.FeedQuery
	for _, types := range [][]string{nil, {"x"}, {"x", "z"}, {"y", "absent", "y"}, {"absent"}, {"X"}} {
		for _, categories := range [][]string{nil, {"test"}, {"other", "absent"}, {"test", "other"}, {"absent"}} {
			for _, tenant := range []string{"", "a", "absent"} {
				all = append(all, eventstore.FeedQuery{Types: types, Categories: categories, Tenant: tenant})
			}
		}
	}
	return all
}

func feedFilters(t *trial) {
	s := t.open()
	all := t.populate(s)
	head := all[len(all)-1]
	for _, q := range feedQueries() {
		want := only(all, func(rec event.Record) bool { return wanted(q, rec) })
		for _, q.Limit = range []int{0, 7} {
			got, next := t.readFeed(t.Context(), s, q)
			t.requireSame(fmt.Sprintf("feed of %+v", q), got, want)
			if next.Position != head.Position || next.Event != head.ID {
				t.Errorf("feed of %+v ended at %v, not at the head %v", q, next, head.Position)
			}
		}
	}
	for _, tenant := range []string{"a", "b", "absent"} {
		got, _ := t.readFeed(event.WithTenant(t.Context(), tenant), s, eventstore.FeedQuery{})
		t.requireSame("feed of the context's tenant "+tenant, got, only(all, func(rec event.Record) bool { return rec.Metadata.Tenant == tenant }))
	}
}

// feedMoves: a subscription that is shown nothing must still move on, or it looks at the same
// events for ever.
func feedMoves(t *trial) {
	s := t.open()
	q := eventstore.FeedQuery{Types: []string{"absent"}}
	for range 3 {
		t.append(s, many(one, eventstore.Any, 20))
		head, err := s.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		recs, next := t.readFeed(t.Context(), s, q)
		if len(recs) != 0 || next.Position != head {
			t.Fatalf("found %s, looked to %v, the head is %v", brief(recs), next.Position, head)
		}
		page, err := s.Page(t.Context(), eventstore.FeedQuery{After: next})
		if err != nil || len(page.Records) != 0 || page.Next != next || !page.AtHead {
			t.Errorf("a page after the head: %+v, %v", page, err)
		}
		q.After = next
	}
	t.append(s, to(one, eventstore.Any, "absent"))
	if recs, _ := t.readFeed(t.Context(), s, q); len(recs) != 1 {
		t.Errorf("when there is one at last: %s", brief(recs))
	}
}
