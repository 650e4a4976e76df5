package eventstoretest

import (
	"fmt"
	"slices"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// watch looks at the feed of a store at each step of what transactions do, with readers of many
// kinds, and fails at the first one that is shown what it must not be, or not what it must be.
type watch struct {
	*trial
	store   eventstore.Store
	what    string // that is going on, for failures
	start   event.Cursor
	stored  []event.Record // acknowledged and committed, as far as a draft tells
	known   map[event.ID]bool
	begun   int // transactions
	waiting int // those that have appended, and are open
	readers []*reader
	blind   bool // steps are not looked at
}

// reader remembers what the feed has shown it, and at which cursors.
type reader struct {
	name   string
	query  eventstore.FeedQuery
	feed   eventstore.Store
	reopen int // before each look that many
	looks  int
	shown  []event.ID
	places []glance
}

// glance is a cursor that a reader had, and how much it had been shown and was stored by then.
type glance struct {
	cursor        event.Cursor
	shown, stored int
}

// fewReaders are those that see the most.
func fewReaders() []*reader {
	return []*reader{
		{name: "tailing"},
		{name: "of a type", query: eventstore.FeedQuery{Types: []string{"x"}}},
	}
}

func everyReader() []*reader {
	return append(fewReaders(),
		&reader{name: "one by one", query: eventstore.FeedQuery{Limit: 1}},
		&reader{name: "of another type, one by one", query: eventstore.FeedQuery{Types: []string{"y"}, Limit: 1}},
		&reader{name: "of a category", query: eventstore.FeedQuery{Categories: []string{"other"}}},
		&reader{name: "of a tenant", query: eventstore.FeedQuery{Tenant: "a", Limit: 2}},
		&reader{name: "of nothing", query: eventstore.FeedQuery{Types: []string{"absent"}}},
	)
}

// watch starts readers at the head of a feed at which nobody is open.
func (t *trial) watch(s eventstore.Store, readers func() []*reader) *watch {
	t.Helper()
	w := &watch{trial: t, store: s, readers: readers(), known: make(map[event.ID]bool)}
	_, w.start = t.readFeed(t.Context(), s, eventstore.FeedQuery{})
	for _, r := range w.readers {
		r.feed, r.query.After = s, w.start
	}
	return w
}

// restarting adds a reader that is another process every few looks, if the store's features
// allow that: it has nothing but its cursor.
func (w *watch) restarting(every int) {
	r := &reader{name: "restarting", feed: w.store, query: eventstore.FeedQuery{After: w.start}}
	if f := w.features; f.Second != nil && f.Reopen != nil {
		r.feed, r.reopen = f.Second(w.TB, w.store), every
	}
	w.readers = append(w.readers, r)
}

// begins adds a reader that begins now, where the others began, on a store of its own if the
// features allow that.
func (w *watch) begins() {
	r := &reader{name: fmt.Sprintf("that began after %d events", len(w.stored)), feed: w.store, query: eventstore.FeedQuery{After: w.start, Limit: 3}}
	if w.features.Second != nil {
		r.feed = w.features.Second(w.TB, w.store)
	}
	w.readers = append(w.readers, r)
}

func (w *watch) fatalf(r *reader, step, format string, args ...any) {
	w.Helper()
	if w.what != "" {
		step = w.what + ", " + step
	}
	w.Fatalf("%s: the reader %s %s", step, r.name, fmt.Sprintf(format, args...))
}

// look has every reader read as far as it can.
func (w *watch) look(step string) {
	w.Helper()
	if w.blind {
		return
	}
	for _, r := range w.readers {
		if r.looks++; r.reopen > 0 && r.looks%r.reopen == 0 {
			r.feed = w.features.Reopen(w.TB, r.feed)
		}
		w.read(r, step)
	}
	// One that begins now, and is gone afterwards.
	w.read(&reader{name: "from the start", feed: w.store, query: eventstore.FeedQuery{After: w.start}}, step)
	head, err := w.store.Head(w.Context())
	if tail := w.readers[0]; err != nil || head != tail.query.After.Position {
		w.fatalf(tail, step, "is at %v, the head is %v, %v", tail.query.After.Position, head, err)
	}
}

func (w *watch) read(r *reader, step string) {
	w.Helper()
	var page eventstore.Page
	for more := true; more; more = !page.AtHead && page.Stall == nil {
		var err error
		if page, err = r.feed.Page(w.Context(), r.query); err != nil {
			w.fatalf(r, step, "after %v: %v", r.query.After, err)
		}
		if bad := badPage(r.query, page); bad != "" {
			w.fatalf(r, step, "after %v: %s", r.query.After, bad)
		}
		for _, rec := range page.Records {
			switch {
			case !w.known[rec.ID]:
				w.fatalf(r, step, "is shown version %d of %s, which is not stored", rec.Version, rec.Stream)
			case slices.Contains(r.shown, rec.ID):
				w.fatalf(r, step, "is shown version %d of %s twice", rec.Version, rec.Stream)
			}
			r.shown = append(r.shown, rec.ID)
		}
		r.query.After = page.Next
		r.places = append(r.places, glance{page.Next, len(r.shown), len(w.stored)})
	}
	missing := len(only(w.stored, func(rec event.Record) bool { return wanted(r.query, rec) })) - len(r.shown)
	switch stall := page.Stall; {
	case stall == nil && missing > 0:
		w.fatalf(r, step, "is at the head, and was not shown %d events that are stored", missing)
	case stall == nil:
	case page.AtHead:
		w.fatalf(r, step, "is at the head and stalled by %s", stall.Cause)
	case w.waiting == 0:
		w.fatalf(r, step, "is stalled by %s, and nobody is open who has appended", stall.Cause)
	case stall.Cause == "" || stall.Since.IsZero():
		w.fatalf(r, step, "is stalled without a cause or a time: %+v", stall)
	}
}

// finish looks once more, when nobody is open, and compares what each reader was shown, up to
// each cursor it ever had, with the order in which the feed shows everything in the end. It
// returns that.
func (w *watch) finish() []event.Record {
	w.Helper()
	w.blind = false
	w.look("in the end")
	full, _ := w.readFeed(w.Context(), w.store, eventstore.FeedQuery{After: w.start})
	if len(full) != len(w.stored) {
		w.Fatalf("%s: the feed shows %d events in the end, %d are stored", w.what, len(full), len(w.stored))
	}
	w.requireStreamOrder(full)
	since := make(map[event.ID]int, len(full)) // how many were stored before
	for i, rec := range w.stored {
		since[rec.ID] = i
	}
	for _, r := range w.readers {
		w.requireNothingMissed(r, full, since)
	}
	return full
}

// requireNothingMissed fails unless r was shown, up to each cursor it had, all that it wants of
// what stands there in the end, and what it doesn't want was stored by then, too: a cursor is
// also that of who wants more tomorrow.
func (w *watch) requireNothingMissed(r *reader, full []event.Record, since map[event.ID]int) {
	w.Helper()
	n, latest := 0, -1
	var want []event.ID
	for _, at := range r.places {
		for ; n < len(full) && !before(w.trial, at.cursor.Position, full[n].Position); n++ {
			if latest = max(latest, since[full[n].ID]); wanted(r.query, full[n]) {
				want = append(want, full[n].ID)
			}
		}
		if !slices.Equal(r.shown[:at.shown], want) {
			w.fatalf(r, "in the end", "was shown %d events up to %v, where there are %d, or in another order", at.shown, at.cursor.Position, len(want))
		}
		if latest >= at.stored {
			w.fatalf(r, "in the end", "went to %v, past an event that was not stored then", at.cursor.Position)
		}
	}
}

// requireStreamOrder fails unless the versions of each stream follow each other.
func (w *watch) requireStreamOrder(full []event.Record) {
	w.Helper()
	type key struct {
		tenant string
		stream event.StreamID
	}
	last := make(map[key]event.Version)
	for _, rec := range full {
		k := key{rec.Metadata.Tenant, rec.Stream}
		if v, ok := last[k]; ok && rec.Version != v+1 {
			w.Fatalf("%s: the feed shows version %d of %s after %d", w.what, rec.Version, rec.Stream, v)
		}
		last[k] = rec.Version
	}
}

// keep adds what has been committed.
func (w *watch) keep(recs []event.Record) {
	for _, rec := range recs {
		w.stored, w.known[rec.ID] = append(w.stored, rec), true
	}
}

// append appends in no transaction of the case's.
func (w *watch) append(appends ...eventstore.Append) {
	w.Helper()
	w.trial.append(w.store, appends...)
	w.keep(drafted("", appends))
	w.look("after an append beside the transactions")
}

// drafted returns records as far as appends tell.
func drafted(tenant string, appends []eventstore.Append) (recs []event.Record) {
	for _, a := range appends {
		for _, d := range a.Events {
			recs = append(recs, event.Record{Header: event.Header{ID: d.ID, Stream: a.Stream, Type: d.Type, Metadata: event.Metadata{Tenant: tenant}}})
		}
	}
	return recs
}
