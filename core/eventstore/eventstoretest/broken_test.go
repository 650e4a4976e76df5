package eventstoretest_test

import (
	"context"
	"iter"
	"runtime"
	"slices"
	"testing"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/eventstore/eventstoretest"
	"github.com/eventsource-go/eventsource/core/internal/verdict"
	"github.com/eventsource-go/eventsource/core/memstore"
)

// broken is a store that breaks one promise.
type broken struct {
	name     string
	by       []string // the cases that must notice, each by itself
	make     func(under *sound) replaced
	options  func(opts *eventstoretest.Options)        // which it takes for others
	features func(f *eventstoretest.Features)          // which it has otherwise
	hides    func(s eventstore.Store) eventstore.Store // what it looks like from outside
}

func (b broken) open(_ testing.TB, opts eventstoretest.Options) eventstore.Store {
	if b.options != nil {
		b.options(&opts)
	}
	var s eventstore.Store = newLayer(memstore.NewWith(memstore.Config{Policy: opts.Policy, Now: opts.Now}), b.make)
	if b.hides != nil {
		s = b.hides(s)
	}
	return s
}

// TestBrokenStoresAreRejected asks each case that is meant for a broken store what it says.
func TestBrokenStoresAreRejected(t *testing.T) {
	eventstoretest.Impatient(t)
	all := slices.Concat(brokenAppends, brokenReplays, brokenRecords, brokenReads, brokenCalls, brokenFeeds, brokenPages, brokenTenants, brokenLives)
	for _, b := range all {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			f := allFeatures
			if b.features != nil {
				b.features(&f)
			}
			for _, name := range b.by {
				requireRejected(t, b.open, eventstoretest.Cases(f), name)
			}
		})
	}
	for _, c := range eventstoretest.Cases(allFeatures) {
		if !slices.ContainsFunc(all, func(b broken) bool { return slices.Contains(b.by, c.Name) }) {
			t.Errorf("%s is meant for no broken store, so it may be of no use", c.Name)
		}
	}
}

func requireRejected(t *testing.T, open eventstoretest.Opener, cases []eventstoretest.Case, name string) {
	t.Helper()
	if said := verdictOf(t, open, cases, name); said == "" {
		t.Errorf("it passes %s", name)
	} else {
		t.Logf("%s: %s", name, said)
	}
}

func requireAccepted(t *testing.T, open eventstoretest.Opener, cases []eventstoretest.Case, name string) {
	t.Helper()
	if said := verdictOf(t, open, cases, name); said != "" {
		t.Errorf("%s: %s", name, said)
	}
}

func verdictOf(t *testing.T, open eventstoretest.Opener, cases []eventstoretest.Case, name string) string {
	t.Helper()
	i := slices.IndexFunc(cases, func(c eventstoretest.Case) bool { return c.Name == name })
	if i < 0 {
		t.Fatalf("there is no case %s", name)
	}
	return verdict.Of(t, func(tb testing.TB) { cases[i].Run(tb, open) })
}

// later gives others the time to get in between.
func later() {
	for range 200 {
		runtime.Gosched()
	}
}

// appendOne is how a store appends that does one thing after the other.
func appendOne(ctx context.Context, s *sound, a eventstore.Append) (eventstore.AppendResult, error) {
	res, err := s.Append(ctx, a)
	if err != nil {
		return eventstore.AppendResult{}, err
	}
	return res[0], nil
}

// headOf returns the version of a stream.
func headOf(ctx context.Context, s eventstore.Streams, stream event.StreamID) (v event.Version) {
	for rec := range s.Read(context.WithoutCancel(ctx), stream, eventstore.ReadQuery{Backward: true, Limit: 1}) {
		v = rec.Version
	}
	return v
}

// changing is a store that changes what it is about to store.
func changing(change func(d *event.Draft)) func(under *sound) replaced {
	return func(under *sound) replaced {
		return replaced{append: func(ctx context.Context, appends []eventstore.Append) ([]eventstore.AppendResult, error) {
			return under.Append(ctx, changedDrafts(appends, change)...)
		}}
	}
}

func changedDrafts(appends []eventstore.Append, change func(d *event.Draft)) []eventstore.Append {
	appends = slices.Clone(appends)
	for i := range appends {
		appends[i].Events = slices.Clone(appends[i].Events)
		for k := range appends[i].Events {
			change(&appends[i].Events[k])
		}
	}
	return appends
}

// showing is a store that shows other records than it has.
func showing(change func(rec *event.Record)) func(under *sound) replaced {
	all := func(recs []event.Record) []event.Record {
		for i := range recs {
			change(&recs[i])
		}
		return recs
	}
	return func(under *sound) replaced {
		return replaced{
			read: reading(under, func(_ context.Context, rec event.Record) (event.Record, bool) {
				change(&rec)
				return rec, true
			}),
			lookup: func(ctx context.Context, ids []event.ID) ([]event.Record, error) {
				recs, err := under.Lookup(ctx, ids...)
				return all(recs), err
			},
			page: func(ctx context.Context, q eventstore.FeedQuery) (eventstore.Page, error) {
				page, err := under.Page(ctx, q)
				page.Records = all(page.Records)
				return page, err
			},
		}
	}
}

type readFunc = func(ctx context.Context, stream event.StreamID, q eventstore.ReadQuery) iter.Seq2[event.Record, error]

// reading returns a Read that passes records through fn, up to the first one that fn ends with.
func reading(under *sound, fn func(ctx context.Context, rec event.Record) (event.Record, bool)) readFunc {
	return func(ctx context.Context, stream event.StreamID, q eventstore.ReadQuery) iter.Seq2[event.Record, error] {
		return func(yield func(event.Record, error) bool) {
			for rec, err := range under.Read(ctx, stream, q) {
				if err != nil {
					yield(rec, err)
					return
				}
				rec, ok := fn(ctx, rec)
				if !ok || !yield(rec, nil) {
					return
				}
			}
		}
	}
}

// asking returns a Read that asks another question.
func asking(under *sound, change func(q *eventstore.ReadQuery)) readFunc {
	return func(ctx context.Context, stream event.StreamID, q eventstore.ReadQuery) iter.Seq2[event.Record, error] {
		change(&q)
		return under.Read(ctx, stream, q)
	}
}

// failing is a store that makes something else of the errors, and results, of its appends.
func failing(change func(ctx context.Context, under *sound, appends []eventstore.Append, res []eventstore.AppendResult, err error) ([]eventstore.AppendResult, error)) func(under *sound) replaced {
	return func(under *sound) replaced {
		return replaced{append: func(ctx context.Context, appends []eventstore.Append) ([]eventstore.AppendResult, error) {
			res, err := under.Append(ctx, appends...)
			return change(ctx, under, appends, res, err)
		}}
	}
}
