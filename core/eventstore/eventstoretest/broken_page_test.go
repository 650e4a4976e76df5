package eventstoretest_test

import (
	"context"
	"errors"
	"slices"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

var brokenPages = []broken{
	{name: "AtHead too early", by: []string{"Page/AtHeadOnlyThere", "Page/EventLimits", "Page/ByteLimit"}, make: paging(func(_ eventstore.FeedQuery, page *eventstore.Page) { page.AtHead = true })},
	{name: "AtHead when a page is not full", by: []string{"Page/ByteLimit", "Page/OneHugeEvent"}, make: paging(func(q eventstore.FeedQuery, page *eventstore.Page) {
		page.AtHead = page.AtHead || len(page.Records) < q.Limit || q.Limit == 0
	})},
	{name: "never AtHead", by: []string{"Page/AtHeadOnlyThere", "Feed/EmptyStore"}, make: paging(func(_ eventstore.FeedQuery, page *eventstore.Page) { page.AtHead = false })},
	{name: "stalled by nobody", by: []string{"Page/AtHeadOnlyThere", "Feed/EmptyStore"}, make: paging(func(_ eventstore.FeedQuery, page *eventstore.Page) {
		page.Stall = &eventstore.Stall{Cause: "something"}
	})},
	{name: "filter after limit", by: []string{"Page/LimitCountsWhatIsWanted"}, make: func(under *sound) replaced {
		return replaced{page: func(ctx context.Context, q eventstore.FeedQuery) (eventstore.Page, error) {
			types := q.Types
			q.Types = nil
			page, err := under.Page(ctx, q)
			page.Records = slices.DeleteFunc(page.Records, func(rec event.Record) bool { return len(types) > 0 && !slices.Contains(types, rec.Type) })
			return page, err
		}}
	}},
	{name: "limit ignored", by: []string{"Feed/EveryEventInOrder", "Page/EventLimits", "Page/AtHeadOnlyThere"}, make: feedAs(func(q *eventstore.FeedQuery) { q.Limit = eventstore.MaxPageEvents })},
	{name: "one more than the limit", by: []string{"Feed/EveryEventInOrder", "Page/EventLimits"}, make: feedAs(func(q *eventstore.FeedQuery) {
		if q.Limit > 0 {
			q.Limit++
		}
	})},
	{name: "no bytes are too many", by: []string{"Page/ByteLimit", "Page/OneHugeEvent"}, make: overLog(func(log []event.Record) []event.Record { return log })},
	{name: "metadata fits every page", by: []string{"Page/ByteLimitCountsMetadata"}, make: func(under *sound) replaced {
		return replaced{page: func(ctx context.Context, q eventstore.FeedQuery) (all eventstore.Page, err error) {
			for size := 0; size < eventstore.MaxPageBytes && !all.AtHead; {
				page, err := under.Page(ctx, q)
				if err != nil {
					return page, err
				}
				for _, rec := range page.Records {
					size += len(rec.Data)
				}
				page.Records = append(all.Records, page.Records...)
				all, q.After = page, page.Next
			}
			return all, nil
		}}
	}},
	{name: "a huge event fits no page", by: []string{"Page/OneHugeEvent"}, make: paging(func(q eventstore.FeedQuery, page *eventstore.Page) {
		if len(page.Records) > 0 && len(page.Records[0].Data) > eventstore.MaxPageBytes {
			*page = eventstore.Page{Next: q.After}
		}
	})},
	{name: "pages anything", by: []string{"Page/BadQueries"}, make: feedAs(func(q *eventstore.FeedQuery) { q.Limit = max(q.Limit, 0) })},
	{name: "too many variables", by: []string{"Page/BadQueries"}, make: func(under *sound) replaced {
		return replaced{page: func(ctx context.Context, q eventstore.FeedQuery) (eventstore.Page, error) {
			if len(q.Types)+len(q.Categories) > 999 {
				return eventstore.Page{}, errors.New("too many SQL variables")
			}
			return under.Page(ctx, q)
		}}
	}},
}
