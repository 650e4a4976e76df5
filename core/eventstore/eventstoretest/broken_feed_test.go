package eventstoretest_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/google/uuid"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

var brokenFeeds = []broken{
	{name: "feed that skips", by: []string{
		"Feed/EveryEventInOrder", "Feed/Filters", "Cursor/ResumesExactlyAfter", "Feed/FollowersMissNothingAndAgree", "Second/FollowersOfBoth", "Replay/OneOfManyStores",
	}, make: overLog(func(log []event.Record) []event.Record {
		return slices.DeleteFunc(log, func(rec event.Record) bool { return rec.Position.String()[36:] == ".7" })
	})},
	{name: "feed that goes past what commits late", by: []string{
		"Feed/FollowersMissNothingAndAgree", "Second/FollowersMissNothingAndAgree", "Second/FollowersOfBoth", "Notify/WhoAsksFirstMissesNothing",
	}, make: commitsLate()},
	{name: "feed that shows uncommitted", by: []string{"Torn/FeedShowsWhatIsStored", "Feed/FollowersMissNothingAndAgree"}, make: showsUncommitted},
	{name: "feed out of stream order", by: []string{"Feed/EveryEventInOrder", "Feed/AgreesWithStreams", "Several/FeedShowsThemInOrder"}, make: overLog(swapPairs)},
	{name: "feed in another order for each filter", by: []string{"Feed/Filters", "Feed/FollowersMissNothingAndAgree"}, make: func(under *sound) replaced {
		return replaced{page: func(ctx context.Context, q eventstore.FeedQuery) (eventstore.Page, error) {
			page, err := under.Page(ctx, q)
			if len(q.Types) > 0 {
				slices.SortStableFunc(page.Records, func(a, b event.Record) int { return strings.Compare(a.Stream.String(), b.Stream.String()) })
			}
			return page, err
		}}
	}},
	{name: "page that doesn't say how far it looked", by: []string{"Feed/NextMovesWhenNothingMatches", "Feed/Filters", "Tenancy/FeedsAreApart"}, make: paging(
		func(q eventstore.FeedQuery, page *eventstore.Page) {
			if page.Next = q.After; len(page.Records) > 0 {
				last := page.Records[len(page.Records)-1]
				page.Next = event.Cursor{Position: last.Position, Event: last.ID}
			}
		})},
	{name: "an empty store has no head and no pages", by: []string{"Feed/EmptyStore"}, make: func(under *sound) replaced {
		return replaced{page: func(ctx context.Context, q eventstore.FeedQuery) (eventstore.Page, error) {
			if head, err := under.Head(ctx); err == nil && head.IsZero() {
				return eventstore.Page{}, errors.New("no rows")
			}
			return under.Page(ctx, q)
		}}
	}},
	{name: "an empty store is not at its head", by: []string{"Feed/EmptyStore"}, make: paging(func(_ eventstore.FeedQuery, page *eventstore.Page) {
		page.AtHead = !page.Next.Position.IsZero()
	})},
	{name: "the head of a while ago", by: []string{"Feed/HeadIsTheLastPosition", "Feed/NextMovesWhenNothingMatches"}, make: func(under *sound) replaced {
		var mu sync.Mutex
		var was event.Position
		return replaced{head: func(ctx context.Context) (event.Position, error) {
			mu.Lock()
			defer mu.Unlock()
			if was.IsZero() {
				was, _ = under.Head(ctx)
			}
			return was, ctx.Err()
		}}
	}},
	{name: "stalled for ever", by: []string{"Feed/EveryEventInOrder", "Feed/FollowersMissNothingAndAgree"}, make: stalls(0)},
	{name: "stalled for ever after a while", by: []string{"Feed/FollowersMissNothingAndAgree", "Second/FollowersOfBoth"}, make: stalls(40)},
	{name: "types or categories", by: []string{"Feed/Filters", "Model/RandomCalls"}, make: func(under *sound) replaced {
		return replaced{page: func(ctx context.Context, q eventstore.FeedQuery) (eventstore.Page, error) {
			if len(q.Types) > 0 {
				q.Categories = nil
			}
			return under.Page(ctx, q)
		}}
	}},
	{name: "cursor identity ignored", by: []string{"Cursor/OfAnotherEventIsRefused"}, make: feedAs(func(q *eventstore.FeedQuery) { q.After.Event = event.ID{} })},
	{name: "cursor identity checked when something matches", by: []string{"Cursor/OfAnotherEventIsRefused"}, make: feedAs(func(q *eventstore.FeedQuery) {
		if len(q.Types) > 0 {
			q.After.Event = event.ID{}
		}
	})},
	{name: "foreign position accepted", by: []string{"Cursor/OfAnotherStoreIsRefused"}, make: func(under *sound) replaced {
		return replaced{page: func(ctx context.Context, q eventstore.FeedQuery) (eventstore.Page, error) {
			page, err := under.Page(ctx, q)
			if errors.Is(err, eventstore.ErrForeignPosition) {
				q.After = event.Cursor{}
				return under.Page(ctx, q)
			}
			return page, err
		}}
	}},
	{name: "a cursor beyond the head waits", by: []string{"Cursor/BeyondTheHeadIsRefused"}, make: func(under *sound) replaced {
		return replaced{page: func(ctx context.Context, q eventstore.FeedQuery) (eventstore.Page, error) {
			page, err := under.Page(ctx, q)
			if bad, ok := errors.AsType[*eventstore.DivergedError](err); ok && bad.Found == (event.ID{}) {
				return eventstore.Page{Next: q.After, AtHead: true}, nil
			}
			return page, err
		}}
	}},
	{name: "resumes with what was seen", by: []string{"Cursor/ResumesExactlyAfter", "Cursor/SurvivesAsText"}, make: func(under *sound) replaced {
		return replaced{page: func(ctx context.Context, q eventstore.FeedQuery) (eventstore.Page, error) {
			store, n := split(q.After.Position)
			if n > 0 {
				q.After = event.Cursor{Position: event.NewPosition(store, n-1)}
			}
			return under.Page(ctx, q)
		}}
	}},
	{name: "another identity for each page", by: []string{"Cursor/SurvivesAsText", "Cursor/ResumesExactlyAfter"}, make: paging(func(_ eventstore.FeedQuery, page *eventstore.Page) {
		id := event.NewID()
		for i, rec := range page.Records {
			_, n := split(rec.Position)
			page.Records[i].Position = event.NewPosition(id, n)
		}
	})},
}

// split returns what a position is made of.
func split(p event.Position) (store event.ID, n uint64) {
	name, _, _ := strings.Cut(p.String(), ".")
	store, _ = uuid.Parse(name)
	n, _ = p.In(store)
	return store, n
}

func paging(change func(q eventstore.FeedQuery, page *eventstore.Page)) func(under *sound) replaced {
	return func(under *sound) replaced {
		return replaced{page: func(ctx context.Context, q eventstore.FeedQuery) (eventstore.Page, error) {
			page, err := under.Page(ctx, q)
			if err == nil {
				change(q, &page)
			}
			return page, err
		}}
	}
}

// feedAs answers another question.
func feedAs(change func(q *eventstore.FeedQuery)) func(under *sound) replaced {
	return func(under *sound) replaced {
		return replaced{page: func(ctx context.Context, q eventstore.FeedQuery) (eventstore.Page, error) {
			change(&q)
			return under.Page(ctx, q)
		}}
	}
}

// stalls is a store whose feed does not go past a position.
func stalls(last uint64) func(under *sound) replaced {
	return paging(func(q eventstore.FeedQuery, page *eventstore.Page) {
		if _, n := split(page.Next.Position); n > last {
			*page = eventstore.Page{Next: q.After, Stall: &eventstore.Stall{Cause: "a transaction that never ends"}}
		}
	})
}

// overLog is a store whose feed is made of what change leaves of the log.
func overLog(change func(log []event.Record) []event.Record) func(under *sound) replaced {
	return func(under *sound) replaced {
		return replaced{page: func(ctx context.Context, q eventstore.FeedQuery) (eventstore.Page, error) {
			if _, err := under.Page(ctx, q); err != nil {
				return eventstore.Page{}, err
			}
			q, err := q.Resolve(ctx)
			if err != nil {
				return eventstore.Page{}, err
			}
			var log []event.Record
			for all := (eventstore.FeedQuery{}); ; {
				part, err := under.Page(event.WithTenant(ctx, ""), all)
				if err != nil {
					return eventstore.Page{}, err
				}
				if log, all.After = append(log, part.Records...), part.Next; part.AtHead {
					break
				}
			}
			return pageOf(change(log), q), nil
		}}
	}
}

// pageOf is a feed over a log, as simple as it can be.
func pageOf(log []event.Record, q eventstore.FeedQuery) eventstore.Page {
	page := eventstore.Page{Next: q.After, AtHead: true}
	for _, rec := range log {
		if c, _ := rec.Position.Compare(q.After.Position); c <= 0 {
			continue
		}
		if len(page.Records) == q.Limit {
			page.AtHead = false
			break
		}
		page.Next = event.Cursor{Position: rec.Position, Event: rec.ID}
		if (len(q.Types) == 0 || slices.Contains(q.Types, rec.Type)) && (q.Tenant == "" || q.Tenant == rec.Metadata.Tenant) &&
			(len(q.Categories) == 0 || slices.Contains(q.Categories, rec.Stream.Category)) {
			page.Records = append(page.Records, rec)
		}
	}
	return page
}

// swapPairs gives the events of each pair one another's positions.
func swapPairs(log []event.Record) []event.Record {
	for i := 0; i+1 < len(log); i += 2 {
		log[i].Position, log[i+1].Position = log[i+1].Position, log[i].Position
		log[i], log[i+1] = log[i+1], log[i]
	}
	return log
}

// commitsLate gives positions before it commits, as a sequence does: while an append is under
// way, the feed goes past its events. All stores on the same data do so.
func commitsLate() func(under *sound) replaced {
	var open sync.Map // ids of events
	return func(under *sound) replaced {
		return replaced{
			append: func(ctx context.Context, appends []eventstore.Append) ([]eventstore.AppendResult, error) {
				for _, a := range appends {
					for _, d := range a.Events {
						open.Store(d.ID, true)
						defer open.Delete(d.ID)
					}
				}
				res, err := under.Append(ctx, appends...)
				later()
				return res, err
			},
			page: func(ctx context.Context, q eventstore.FeedQuery) (eventstore.Page, error) {
				page, err := under.Page(ctx, q)
				page.Records = slices.DeleteFunc(page.Records, func(rec event.Record) bool {
					_, late := open.Load(rec.ID)
					return late
				})
				return page, err
			},
		}
	}
}

// showsUncommitted shows what was begun, once, also if nothing became of it.
func showsUncommitted(under *sound) replaced {
	var mu sync.Mutex
	var dirty []event.Record
	return replaced{
		append: func(ctx context.Context, appends []eventstore.Append) ([]eventstore.AppendResult, error) {
			mu.Lock()
			for _, a := range appends {
				for _, d := range a.Events {
					dirty = append(dirty, event.Record{Data: d.Data, Header: event.Header{ID: d.ID, Stream: a.Stream, Version: 1, Type: d.Type, Schema: d.Schema}})
				}
			}
			mu.Unlock()
			later()
			return under.Append(ctx, appends...)
		},
		page: func(ctx context.Context, q eventstore.FeedQuery) (eventstore.Page, error) {
			page, err := under.Page(ctx, q)
			mu.Lock()
			defer mu.Unlock()
			if store, n := split(page.Next.Position); err == nil && n > 0 {
				for _, rec := range dirty {
					n++
					rec.Position = event.NewPosition(store, n)
					page.Records = append(page.Records, rec)
				}
				dirty = nil
			}
			return page, err
		},
	}
}
