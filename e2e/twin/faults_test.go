package twin_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// faulty is a store with one fault: some of its methods are replaced.
type faulty struct {
	eventstore.Store
	append func(ctx context.Context, s eventstore.Store, appends []eventstore.Append) ([]eventstore.AppendResult, error)
	read   func(ctx context.Context, s eventstore.Store, stream event.StreamID, q eventstore.ReadQuery) iter.Seq2[event.Record, error]
	lookUp func(ctx context.Context, s eventstore.Store, ids []event.ID) ([]event.Record, error)
	page   func(ctx context.Context, s eventstore.Store, q eventstore.FeedQuery) (eventstore.Page, error)
	list   func(ctx context.Context, s eventstore.Store, q eventstore.ListQuery) (eventstore.Listing, error)
}

func (f *faulty) Append(ctx context.Context, appends ...eventstore.Append) ([]eventstore.AppendResult, error) {
	if f.append != nil {
		return f.append(ctx, f.Store, appends)
	}
	return f.Store.Append(ctx, appends...)
}

func (f *faulty) Read(ctx context.Context, stream event.StreamID, q eventstore.ReadQuery) iter.Seq2[event.Record, error] {
	if f.read != nil {
		return f.read(ctx, f.Store, stream, q)
	}
	return f.Store.Read(ctx, stream, q)
}

func (f *faulty) Lookup(ctx context.Context, ids ...event.ID) ([]event.Record, error) {
	if f.lookUp != nil {
		return f.lookUp(ctx, f.Store, ids)
	}
	return f.Store.Lookup(ctx, ids...)
}

func (f *faulty) Page(ctx context.Context, q eventstore.FeedQuery) (eventstore.Page, error) {
	if f.page != nil {
		return f.page(ctx, f.Store, q)
	}
	return f.Store.Page(ctx, q)
}

func (f *faulty) List(ctx context.Context, q eventstore.ListQuery) (eventstore.Listing, error) {
	if f.list != nil {
		return f.list(ctx, f.Store, q)
	}
	return f.Store.List(ctx, q)
}

// without drops the records that drop says.
func without(seq iter.Seq2[event.Record, error], drop func(event.Record) bool) iter.Seq2[event.Record, error] {
	return func(yield func(event.Record, error) bool) {
		for rec, err := range seq {
			if (err != nil || !drop(rec)) && !yield(rec, err) {
				return
			}
		}
	}
}

// drafts calls change with each draft of copies of the appends.
func drafts(appends []eventstore.Append, change func(*event.Draft)) []eventstore.Append {
	appends = slices.Clone(appends)
	for i := range appends {
		appends[i].Events = slices.Clone(appends[i].Events)
		for k := range appends[i].Events {
			change(&appends[i].Events[k])
		}
	}
	return appends
}

// appendFaults are faults of Append, by what is wrong.
var appendFaults = map[string]func(ctx context.Context, s eventstore.Store, appends []eventstore.Append) ([]eventstore.AppendResult, error){
	"a conflict without the actual version": func(ctx context.Context, s eventstore.Store, appends []eventstore.Append) ([]eventstore.AppendResult, error) {
		results, err := s.Append(ctx, appends...)
		if e, ok := errors.AsType[*eventstore.ConflictError](err); ok {
			return nil, &eventstore.ConflictError{Stream: e.Stream, Expected: e.Expected}
		}
		return results, err
	},
	"a closed stream is a conflict": func(ctx context.Context, s eventstore.Store, appends []eventstore.Append) ([]eventstore.AppendResult, error) {
		results, err := s.Append(ctx, appends...)
		if e, ok := errors.AsType[*eventstore.StreamClosedError](err); ok {
			return nil, &eventstore.ConflictError{Stream: e.Stream, Expected: appends[0].Expect, Actual: e.Version}
		}
		return results, err
	},
	"what was stored before is not said to be": func(ctx context.Context, s eventstore.Store, appends []eventstore.Append) ([]eventstore.AppendResult, error) {
		results, err := s.Append(ctx, appends...)
		for i := range results {
			results[i].Replayed = false
		}
		return results, err
	},
	"what was stored before has to be expected again": func(ctx context.Context, s eventstore.Store, appends []eventstore.Append) ([]eventstore.AppendResult, error) {
		results, err := s.Append(ctx, appends...)
		for i, a := range appends {
			if err == nil && results[0].Replayed {
				head, err := eventstore.Collect(s.Read(ctx, a.Stream, eventstore.ReadQuery{Backward: true, Limit: 1}))
				if err != nil || len(head) == 0 {
					return nil, err
				}
				if err := appends[i].Expect.Check(a.Stream, head[0].Version); err != nil {
					return nil, err
				}
			}
		}
		return results, err
	},
	"a duplicate without its stream": func(ctx context.Context, s eventstore.Store, appends []eventstore.Append) ([]eventstore.AppendResult, error) {
		results, err := s.Append(ctx, appends...)
		if e, ok := errors.AsType[*eventstore.DuplicateEventError](err); ok {
			return nil, &eventstore.DuplicateEventError{ID: e.ID}
		}
		return results, err
	},
	"several streams one by one": func(ctx context.Context, s eventstore.Store, appends []eventstore.Append) (all []eventstore.AppendResult, err error) {
		if _, err := (eventstore.Policy{}).Check(ctx, appends...); err != nil {
			return s.Append(ctx, appends...)
		}
		for _, a := range appends {
			results, err := s.Append(ctx, a)
			if err != nil {
				return nil, err
			}
			all = append(all, results...)
		}
		return all, nil
	},
	"the position of a result is the first one's": func(ctx context.Context, s eventstore.Store, appends []eventstore.Append) ([]eventstore.AppendResult, error) {
		results, err := s.Append(ctx, appends...)
		for i := range results {
			results[i].Position = results[i].First
		}
		return results, err
	},
	"metadata beyond the names are lost": func(ctx context.Context, s eventstore.Store, appends []eventstore.Append) ([]eventstore.AppendResult, error) {
		if _, err := (eventstore.Policy{}).Check(ctx, appends...); err == nil {
			appends = drafts(appends, func(d *event.Draft) { d.Metadata.Extra = nil })
		}
		return s.Append(ctx, appends...)
	},
	"payloads are tidied": func(ctx context.Context, s eventstore.Store, appends []eventstore.Append) ([]eventstore.AppendResult, error) {
		return s.Append(ctx, drafts(appends, func(d *event.Draft) {
			var tidy bytes.Buffer
			if json.Compact(&tidy, d.Data) == nil {
				d.Data = tidy.Bytes()
			}
		})...)
	},
	"times are rounded to the nearest": func(ctx context.Context, s eventstore.Store, appends []eventstore.Append) ([]eventstore.AppendResult, error) {
		return s.Append(ctx, drafts(appends, func(d *event.Draft) { d.Occurred = d.Occurred.Round(time.Microsecond) })...)
	},
	"an error with a payload in it": func(ctx context.Context, s eventstore.Store, appends []eventstore.Append) ([]eventstore.AppendResult, error) {
		results, err := s.Append(ctx, appends...)
		if errors.Is(err, eventstore.ErrDuplicateEvent) {
			return nil, fmt.Errorf("append %s: %w", appends[0].Events[0].Data, err)
		}
		return results, err
	},
}

// readFaults are faults of Read.
var readFaults = map[string]func(ctx context.Context, s eventstore.Store, stream event.StreamID, q eventstore.ReadQuery) iter.Seq2[event.Record, error]{
	"until leaves out what occurred just then": func(ctx context.Context, s eventstore.Store, stream event.StreamID, q eventstore.ReadQuery) iter.Seq2[event.Record, error] {
		return without(s.Read(ctx, stream, q), func(rec event.Record) bool { return rec.Occurred.Equal(q.Until) })
	},
	"since is rounded down": func(ctx context.Context, s eventstore.Store, stream event.StreamID, q eventstore.ReadQuery) iter.Seq2[event.Record, error] {
		q.Since = event.Instant(q.Since)
		return s.Read(ctx, stream, q)
	},
	"up to leaves out the last": func(ctx context.Context, s eventstore.Store, stream event.StreamID, q eventstore.ReadQuery) iter.Seq2[event.Record, error] {
		return without(s.Read(ctx, stream, q), func(rec event.Record) bool { return rec.Version == q.UpTo })
	},
	"backward has the oldest": func(ctx context.Context, s eventstore.Store, stream event.StreamID, q eventstore.ReadQuery) iter.Seq2[event.Record, error] {
		backward := q.Backward
		q.Backward = false
		recs, err := eventstore.Collect(s.Read(ctx, stream, q))
		if backward {
			slices.Reverse(recs)
		}
		return func(yield func(event.Record, error) bool) {
			for _, rec := range recs {
				if !yield(rec, nil) {
					return
				}
			}
			if err != nil {
				yield(event.Record{}, err)
			}
		}
	},
}

// lookupFaults are faults of Lookup.
var lookupFaults = map[string]func(ctx context.Context, s eventstore.Store, ids []event.ID) ([]event.Record, error){
	"looked up in the order of positions": func(ctx context.Context, s eventstore.Store, ids []event.ID) ([]event.Record, error) {
		recs, err := s.Lookup(ctx, ids...)
		slices.SortStableFunc(recs, func(a, b event.Record) int {
			order, _ := a.Position.Compare(b.Position)
			return order
		})
		return recs, err
	},
	"looked up once": func(ctx context.Context, s eventstore.Store, ids []event.ID) ([]event.Record, error) {
		recs, err := s.Lookup(ctx, ids...)
		seen := make(map[event.ID]bool)
		return slices.DeleteFunc(recs, func(rec event.Record) bool {
			again := seen[rec.ID]
			seen[rec.ID] = true
			return again
		}), err
	},
}

// pageFaults are faults of Page.
var pageFaults = map[string]func(ctx context.Context, s eventstore.Store, q eventstore.FeedQuery) (eventstore.Page, error){
	"a full page is never at the head": func(ctx context.Context, s eventstore.Store, q eventstore.FeedQuery) (eventstore.Page, error) {
		page, err := s.Page(ctx, q)
		page.AtHead = page.AtHead && (q.Limit <= 0 || len(page.Records) < q.Limit)
		return page, err
	},
	"a page looks as far as it has records": func(ctx context.Context, s eventstore.Store, q eventstore.FeedQuery) (eventstore.Page, error) {
		page, err := s.Page(ctx, q)
		if n := len(page.Records); n > 0 && err == nil {
			page.Next = event.Cursor{Position: page.Records[n-1].Position, Event: page.Records[n-1].ID}
		}
		return page, err
	},
	"a cursor is not checked": func(ctx context.Context, s eventstore.Store, q eventstore.FeedQuery) (eventstore.Page, error) {
		q.After.Event = event.ID{}
		return s.Page(ctx, q)
	},
	"a page skips what a category is the beginning of": func(ctx context.Context, s eventstore.Store, q eventstore.FeedQuery) (eventstore.Page, error) {
		page, err := s.Page(ctx, q)
		page.Records = slices.DeleteFunc(page.Records, func(rec event.Record) bool {
			return len(q.Categories) > 1 && rec.Stream.Category == q.Categories[0]
		})
		return page, err
	},
}

// listFaults are faults of List.
var listFaults = map[string]func(ctx context.Context, s eventstore.Store, q eventstore.ListQuery) (eventstore.Listing, error){
	"closed streams are not listed": func(ctx context.Context, s eventstore.Store, q eventstore.ListQuery) (eventstore.Listing, error) {
		listing, err := s.List(ctx, q)
		listing.Streams = slices.DeleteFunc(listing.Streams, func(info eventstore.StreamInfo) bool { return info.Closed })
		return listing, err
	},
	"listed without regard to case": func(ctx context.Context, s eventstore.Store, q eventstore.ListQuery) (eventstore.Listing, error) {
		listing, err := s.List(ctx, q)
		slices.SortStableFunc(listing.Streams, func(a, b eventstore.StreamInfo) int {
			return strings.Compare(strings.ToLower(a.Stream.ID), strings.ToLower(b.Stream.ID))
		})
		return listing, err
	},
	"a full listing is never at the end": func(ctx context.Context, s eventstore.Store, q eventstore.ListQuery) (eventstore.Listing, error) {
		listing, err := s.List(ctx, q)
		listing.AtEnd = listing.AtEnd && (q.Limit <= 0 || len(listing.Streams) < q.Limit)
		return listing, err
	},
}
