package eventstoretest

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

var followerCases = []scenario{
	{name: "Feed/FollowersMissNothingAndAgree", run: func(t *trial) {
		s := t.open()
		follow(t, s, s)
	}},
}

// follower reads the feed while others write to it.
type follower struct {
	name     string
	query    eventstore.FeedQuery
	restarts *rand.Rand // if not nil, it goes back to an earlier place now and then
	recs     []event.Record
	places   []place // where it was
	again    []event.Record
}

type place struct {
	cursor event.Cursor
	seen   int // records before it
}

// step reads a page. What it reads again must be what it was.
func (f *follower) step(t *trial, s eventstore.Store) (atHead bool) {
	page, err := s.Page(t.Context(), f.query)
	if err != nil {
		t.Errorf("%s: %v", f.name, err)
		return true
	}
	if bad := badPage(f.query, page); bad != "" {
		t.Errorf("%s: %s", f.name, bad)
		return true
	}
	for _, rec := range page.Records {
		if len(f.again) > 0 {
			if !same(f.again[0], rec) {
				t.Errorf("%s: read again, version %d of %s is version %d of %s", f.name, f.again[0].Version, f.again[0].Stream, rec.Version, rec.Stream)
			}
			f.again = f.again[1:]
		}
		f.recs = append(f.recs, rec)
	}
	if page.Next != f.query.After || len(f.places) == 0 {
		f.query.After = page.Next
		f.places = append(f.places, place{page.Next, len(f.recs)})
	}
	if f.restarts != nil && f.restarts.IntN(6) == 0 {
		i := f.restarts.IntN(len(f.places))
		at := f.places[i]
		f.again = append(slices.Clone(f.recs[at.seen:]), f.again...)
		f.recs, f.places, f.query.After = f.recs[:at.seen], f.places[:i+1], at.cursor
		return false
	}
	return page.AtHead
}

// finish reads up to the head.
func (f *follower) finish(t *trial, s eventstore.Store) {
	t.Helper()
	for ctx := t.patient(); !f.step(t, s); {
		if ctx.Err() != nil {
			t.Fatalf("%s: not at the head, for ever", f.name)
		}
	}
}

// follow has writers on w while followers of every kind read r, which has the same data. In the
// end each follower has seen exactly what was acknowledged, in the order of all the others.
func follow(t *trial, w, r eventstore.Store) {
	t.Helper()
	rnd := t.rand()
	followers := []*follower{
		{name: "tailing", query: eventstore.FeedQuery{Limit: 500}},
		{name: "tailing in pages of 7", query: eventstore.FeedQuery{Limit: 7}},
		{name: "tailing one by one", query: eventstore.FeedQuery{Limit: 1}},
		{name: "restarting", query: eventstore.FeedQuery{Limit: 7}, restarts: rand.New(rand.NewPCG(rnd.Uint64(), 1))},
		{name: "restarting in pages of 500", query: eventstore.FeedQuery{Limit: 500}, restarts: rand.New(rand.NewPCG(rnd.Uint64(), 2))},
		{name: "of a type", query: eventstore.FeedQuery{Types: []string{"x"}, Limit: 1}},
		{name: "of types", query: eventstore.FeedQuery{Types: []string{"x", "y"}, Limit: 500}},
		{name: "of a category", query: eventstore.FeedQuery{Categories: []string{"test"}, Limit: 7}},
		{name: "of a tenant", query: eventstore.FeedQuery{Tenant: "a", Limit: 7}},
		{name: "of a type, restarting", query: eventstore.FeedQuery{Types: []string{"y"}, Limit: 7}, restarts: rand.New(rand.NewPCG(rnd.Uint64(), 3))},
		{name: "of nothing", query: eventstore.FeedQuery{Types: []string{"absent"}, Limit: 7}},
	}
	writers := make([]*feedWriter, 6)
	for i := range writers {
		writers[i] = &feedWriter{rnd: rand.New(rand.NewPCG(rnd.Uint64(), uint64(i)))}
	}
	var steps []func()
	for _, f := range followers {
		steps = append(steps, func() { f.step(t, r) })
	}
	while(func(tick func()) {
		together(len(writers), func(i int) {
			for range 30 {
				tick()
				writers[i].step(t, w)
			}
		})
	}, steps...)
	if t.Failed() {
		return
	}
	all := t.readAll(r)
	requireFeed(t, all, writers)
	for _, f := range followers {
		f.restarts = nil
		f.finish(t, r)
		t.requireSame(f.name, f.recs, only(all, func(rec event.Record) bool { return wanted(f.query, rec) }))
		if last := all[len(all)-1]; f.query.After != cursorOf(last) {
			t.Errorf("%s: ended at %v, the last event is at %v", f.name, f.query.After, cursorOf(last))
		}
	}
}

// feedWriter appends all sorts of things, some of which are refused.
type feedWriter struct {
	rnd   *rand.Rand
	acked []acked
}

type acked struct {
	ids         []event.ID
	first, last event.Position
}

func (fw *feedWriter) step(t *trial, s eventstore.Store) {
	ctx := event.WithTenant(t.Context(), []string{"", "a", "b"}[fw.rnd.IntN(3)])
	var appends []eventstore.Append
	var done acked
	for _, i := range fw.rnd.Perm(5)[:1+fw.rnd.IntN(3)] {
		a := eventstore.Append{Stream: event.StreamID{Category: []string{"test", "other"}[i%2], ID: fmt.Sprint(i)}, Expect: eventstore.Any}
		for range 1 + fw.rnd.IntN(4) {
			d := draft([]string{"x", "y", "z"}[fw.rnd.IntN(3)])
			a.Events, done.ids = append(a.Events, d), append(done.ids, d.ID)
		}
		appends = append(appends, a)
	}
	refused := fw.rnd.IntN(4) == 0
	if refused {
		appends[len(appends)-1].Expect = eventstore.Exactly(1 << 40)
	}
	res, err := s.Append(ctx, appends...)
	switch {
	case refused && err == nil:
		t.Error("a conflict was stored")
	case refused:
	case err != nil || len(res) != len(appends):
		t.Errorf("append: %v, %v", res, err)
	default:
		done.first, done.last = res[0].First, res[0].Position
		for _, one := range res[1:] {
			if before(t, one.First, done.first) {
				done.first = one.First
			}
			if before(t, done.last, one.Position) {
				done.last = one.Position
			}
		}
		fw.acked = append(fw.acked, done)
	}
}

// requireFeed fails unless all is what was acknowledged, no more and no less, in an order that
// agrees with streams and with what followed what.
func requireFeed(t *trial, all []event.Record, writers []*feedWriter) {
	t.Helper()
	missing := make(map[event.ID]bool)
	for _, fw := range writers {
		var last event.Position
		for _, a := range fw.acked {
			for _, id := range a.ids {
				missing[id] = true
			}
			if !before(t, last, a.first) {
				t.Errorf("an append that followed one at %v starts at %v", last, a.first)
			}
			last = a.last
		}
	}
	type key struct {
		tenant string
		stream event.StreamID
	}
	versions := make(map[key]event.Version)
	for _, rec := range all {
		if !missing[rec.ID] {
			t.Errorf("the feed shows version %d of %s, which was refused, or shows it twice", rec.Version, rec.Stream)
		}
		delete(missing, rec.ID)
		k := key{rec.Metadata.Tenant, rec.Stream}
		if versions[k]++; rec.Version != versions[k] {
			t.Errorf("the feed shows version %d of %s after %d", rec.Version, rec.Stream, versions[k]-1)
		}
	}
	if len(missing) > 0 {
		t.Errorf("%d acknowledged events are not in the feed", len(missing))
	}
	if len(all) == 0 {
		t.Fatal("nothing was written")
	}
}
