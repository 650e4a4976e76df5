package eventstoretest_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// brokenCalls are broken in what they make of contexts, look-ups and lists.
var brokenCalls = []broken{
	{name: "ignored context", by: []string{"Context/CanceledAppendStoresNothing", "Context/CanceledReads"}, make: func(under *sound) replaced {
		return replaced{
			append: func(ctx context.Context, appends []eventstore.Append) ([]eventstore.AppendResult, error) {
				return under.Append(context.WithoutCancel(ctx), appends...)
			},
			read: func(ctx context.Context, stream event.StreamID, q eventstore.ReadQuery) iter.Seq2[event.Record, error] {
				return under.Read(context.WithoutCancel(ctx), stream, q)
			},
		}
	}},
	{name: "ignored context of a page", by: []string{"Context/CanceledReads"}, make: func(under *sound) replaced {
		return replaced{page: func(ctx context.Context, q eventstore.FeedQuery) (eventstore.Page, error) {
			return under.Page(context.WithoutCancel(ctx), q)
		}}
	}},
	{name: "looks at the context at the start alone", by: []string{"Context/CanceledInsideOfARead"}, make: func(under *sound) replaced {
		return replaced{read: func(ctx context.Context, stream event.StreamID, q eventstore.ReadQuery) iter.Seq2[event.Record, error] {
			return func(yield func(event.Record, error) bool) {
				if ctx.Err() == nil {
					ctx = context.WithoutCancel(ctx)
				}
				under.Read(ctx, stream, q)(yield)
			}
		}}
	}},
	{name: "a canceled read ends as if it were whole", by: []string{"Context/CanceledReads", "Context/CanceledInsideOfARead"}, make: func(under *sound) replaced {
		return replaced{read: func(ctx context.Context, stream event.StreamID, q eventstore.ReadQuery) iter.Seq2[event.Record, error] {
			return func(yield func(event.Record, error) bool) {
				for rec, err := range under.Read(ctx, stream, q) {
					if ctx.Err() != nil || !yield(rec, err) {
						return
					}
				}
			}
		}}
	}},
	{name: "stores, then looks at the context", by: []string{"Context/CanceledAppendStoresNothing", "Context/CanceledWhileAppending"}, make: func(under *sound) replaced {
		return replaced{append: func(ctx context.Context, appends []eventstore.Append) ([]eventstore.AppendResult, error) {
			res, err := under.Append(context.WithoutCancel(ctx), appends...)
			later()
			return res, errors.Join(err, ctx.Err())
		}}
	}},
	{name: "tells the cause of a canceled append alone", by: causeAlone, make: func(under *sound) replaced {
		return replaced{append: func(ctx context.Context, appends []eventstore.Append) ([]eventstore.AppendResult, error) {
			res, err := under.Append(ctx, appends...)
			return res, cause(ctx, err)
		}}
	}},
	{name: "tells the cause of a canceled read alone", by: causeAlone, make: func(under *sound) replaced {
		return replaced{read: func(ctx context.Context, stream event.StreamID, q eventstore.ReadQuery) iter.Seq2[event.Record, error] {
			return func(yield func(event.Record, error) bool) {
				for rec, err := range under.Read(ctx, stream, q) {
					if !yield(rec, cause(ctx, err)) {
						return
					}
				}
			}
		}}
	}},
	{name: "tells the cause of a canceled look-up alone", by: causeAlone, make: func(under *sound) replaced {
		return replaced{lookup: func(ctx context.Context, ids []event.ID) ([]event.Record, error) {
			recs, err := under.Lookup(ctx, ids...)
			return recs, cause(ctx, err)
		}}
	}},
	{name: "tells the cause of a canceled page alone", by: causeAlone, make: func(under *sound) replaced {
		return replaced{page: func(ctx context.Context, q eventstore.FeedQuery) (eventstore.Page, error) {
			page, err := under.Page(ctx, q)
			return page, cause(ctx, err)
		}}
	}},
	{name: "tells the cause of a canceled head alone", by: causeAlone, make: func(under *sound) replaced {
		return replaced{head: func(ctx context.Context) (event.Position, error) {
			head, err := under.Head(ctx)
			return head, cause(ctx, err)
		}}
	}},
	{name: "tells the cause of a canceled list alone", by: causeAlone, make: func(under *sound) replaced {
		return replaced{list: func(ctx context.Context, q eventstore.ListQuery) (eventstore.Listing, error) {
			l, err := under.List(ctx, q)
			return l, cause(ctx, err)
		}}
	}},
	{name: "looks up in its own order", by: []string{"Lookup/InTheOrderAsked"}, make: func(under *sound) replaced {
		return replaced{lookup: func(ctx context.Context, ids []event.ID) ([]event.Record, error) {
			recs, err := under.Lookup(ctx, ids...)
			slices.SortStableFunc(recs, func(a, b event.Record) int {
				c, _ := a.Position.Compare(b.Position)
				return c
			})
			return recs, err
		}}
	}},
	{name: "looks each id up once", by: []string{"Lookup/InTheOrderAsked"}, make: func(under *sound) replaced {
		return replaced{lookup: func(ctx context.Context, ids []event.ID) ([]event.Record, error) {
			seen := make(map[event.ID]bool)
			return under.Lookup(ctx, slices.DeleteFunc(slices.Clone(ids), func(id event.ID) bool {
				defer func() { seen[id] = true }()
				return seen[id]
			})...)
		}}
	}},
	{name: "a look-up of nothing is an error", by: []string{"Lookup/NoIDs"}, make: func(under *sound) replaced {
		return replaced{lookup: func(ctx context.Context, ids []event.ID) ([]event.Record, error) {
			if len(ids) == 0 {
				return nil, errors.New("syntax error near )")
			}
			return under.Lookup(ctx, ids...)
		}}
	}},
	{name: "looks up any number", by: []string{"Lookup/Limit"}, make: func(under *sound) replaced {
		return replaced{lookup: func(ctx context.Context, ids []event.ID) (all []event.Record, err error) {
			for some := range slices.Chunk(ids, eventstore.MaxLookup) {
				recs, err := under.Lookup(ctx, some...)
				if err != nil {
					return nil, err
				}
				all = append(all, recs...)
			}
			return all, nil
		}}
	}},
	{name: "lists without regard to case", by: []string{"List/ByIDByteByByte"}, make: listing(func(l *eventstore.Listing) {
		slices.SortStableFunc(l.Streams, func(a, b eventstore.StreamInfo) int {
			return strings.Compare(strings.ToLower(a.Stream.ID), strings.ToLower(b.Stream.ID))
		})
	})},
	{name: "lists what has no category so written", by: []string{"List/OfOneCategory"}, make: listingAs(func(q *eventstore.ListQuery) { q.Category = strings.ToLower(q.Category) })},
	{name: "lists the last of the page before again", by: []string{"List/Pages"}, make: listingAs(func(q *eventstore.ListQuery) {
		if n := len(q.After); n > 0 {
			q.After = q.After[:n-1] + string(q.After[n-1]-1)
		}
	})},
	{name: "the end of the list too early", by: []string{"List/Pages", "List/Limits"}, make: listing(func(l *eventstore.Listing) { l.AtEnd = true })},
	{name: "lists closed streams as open", by: []string{"List/SaysWhatBecameOfThem", "Closing/LeavesItReadable"}, make: listing(func(l *eventstore.Listing) {
		for i := range l.Streams {
			l.Streams[i].Closed = false
		}
	})},
	{name: "lists at most a thousand", by: []string{"List/Limits"}, make: listingAs(func(q *eventstore.ListQuery) { q.Limit = min(q.Limit, 1000) })},
	{name: "lists anything", by: []string{"List/BadQueries"}, make: func(under *sound) replaced {
		return replaced{list: func(ctx context.Context, q eventstore.ListQuery) (eventstore.Listing, error) {
			l, err := under.List(ctx, q)
			if errors.Is(err, eventstore.ErrInvalidQuery) {
				return eventstore.Listing{AtEnd: true}, nil
			}
			return l, err
		}}
	}},
}

var causeAlone = []string{"Context/ErrorIsTheContextsWhateverItsCause"}

// cause is err, or why ctx is done.
func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

func listing(change func(l *eventstore.Listing)) func(under *sound) replaced {
	return func(under *sound) replaced {
		return replaced{list: func(ctx context.Context, q eventstore.ListQuery) (eventstore.Listing, error) {
			l, err := under.List(ctx, q)
			change(&l)
			return l, err
		}}
	}
}

// listingAs lists the answer to another question.
func listingAs(change func(q *eventstore.ListQuery)) func(under *sound) replaced {
	return func(under *sound) replaced {
		return replaced{list: func(ctx context.Context, q eventstore.ListQuery) (eventstore.Listing, error) {
			change(&q)
			return under.List(ctx, q)
		}}
	}
}
