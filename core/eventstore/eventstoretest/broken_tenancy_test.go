package eventstoretest_test

import (
	"context"
	"errors"
	"iter"
	"strings"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/eventstore/eventstoretest"
)

func none(ctx context.Context) context.Context { return event.WithTenant(ctx, "") }

var brokenTenants = []broken{
	{name: "one stream for all tenants", by: []string{"Tenancy/StreamsAreApart", "Tenancy/ReadsAreApart", "Tenancy/ListsAreApart", "Model/RandomCalls"}, make: func(under *sound) replaced {
		return replaced{
			append: func(ctx context.Context, appends []eventstore.Append) ([]eventstore.AppendResult, error) {
				return under.Append(none(ctx), appends...)
			},
			read: func(ctx context.Context, stream event.StreamID, q eventstore.ReadQuery) iter.Seq2[event.Record, error] {
				return under.Read(none(ctx), stream, q)
			},
		}
	}},
	{name: "tenant leak in reads", by: []string{"Tenancy/ReadsAreApart"}, make: func(under *sound) replaced {
		return replaced{read: func(ctx context.Context, stream event.StreamID, q eventstore.ReadQuery) iter.Seq2[event.Record, error] {
			if q.Limit != 1 && headOf(ctx, under, stream) == 0 { // as if absent were of nobody
				ctx = none(ctx)
			}
			return under.Read(ctx, stream, q)
		}}
	}},
	{name: "tenant leak in look-ups", by: []string{"Tenancy/LookupsAreApart"}, make: func(under *sound) replaced {
		return replaced{lookup: func(ctx context.Context, ids []event.ID) ([]event.Record, error) {
			recs, err := under.Lookup(ctx, ids...)
			if len(recs) == 0 && err == nil {
				return under.Lookup(none(ctx), ids...)
			}
			if more, _ := under.Lookup(none(ctx), ids...); event.MetadataFrom(ctx).Tenant != "" {
				recs = append(recs, more...)
			}
			return recs, err
		}}
	}},
	{name: "tenant leak in lists", by: []string{"Tenancy/ListsAreApart"}, make: func(under *sound) replaced {
		return replaced{list: func(ctx context.Context, q eventstore.ListQuery) (eventstore.Listing, error) {
			return under.List(none(ctx), q)
		}}
	}},
	{name: "tenant leak in the feed: the context's is ignored", by: []string{"Tenancy/FeedsAreApart", "Tenancy/FeedOfAnotherIsRefused", "Feed/Filters"}, make: func(under *sound) replaced {
		return replaced{page: func(ctx context.Context, q eventstore.FeedQuery) (eventstore.Page, error) {
			return under.Page(none(ctx), q)
		}}
	}},
	{name: "tenant leak in the feed: the query's is ignored", by: []string{"Tenancy/FeedsAreApart", "Feed/Filters"}, make: feedAs(func(q *eventstore.FeedQuery) { q.Tenant = "" })},
	{name: "the head of a tenant", by: []string{"Feed/HeadIsTheLastPosition", "Tenancy/FeedsAreApart"}, make: func(under *sound) replaced {
		return replaced{head: func(ctx context.Context) (head event.Position, err error) {
			page, err := under.Page(ctx, eventstore.FeedQuery{})
			if n := len(page.Records); n > 0 {
				head = page.Records[n-1].Position
			}
			return head, err
		}}
	}},
	{name: "tenants without regard to case", by: []string{"Tenancy/StreamsAreApart", "Tenancy/ReadsAreApart"}, make: func(under *sound) replaced {
		lower := func(ctx context.Context) context.Context {
			return event.WithTenant(ctx, strings.ToLower(event.MetadataFrom(ctx).Tenant))
		}
		return replaced{
			append: func(ctx context.Context, appends []eventstore.Append) ([]eventstore.AppendResult, error) {
				return under.Append(lower(ctx), appends...)
			},
			read: func(ctx context.Context, stream event.StreamID, q eventstore.ReadQuery) iter.Seq2[event.Record, error] {
				return under.Read(lower(ctx), stream, q)
			},
		}
	}},
	{name: "a flag that requires nothing", by: []string{"Tenancy/RequiredAndMissing"}, options: func(opts *eventstoretest.Options) { opts.Policy.RequireTenant = false }},
	{name: "requires a tenant of the feed as well", by: []string{"Tenancy/RequiredAndMissing"}, make: func(under *sound) replaced {
		return replaced{page: func(ctx context.Context, q eventstore.FeedQuery) (eventstore.Page, error) {
			if event.MetadataFrom(ctx).Tenant == "" {
				return eventstore.Page{}, eventstore.ErrTenant
			}
			return under.Page(ctx, q)
		}}
	}},
	{name: "any tenant's name will do", by: []string{"Tenancy/BadNames"}, make: failing(
		func(ctx context.Context, under *sound, appends []eventstore.Append, res results, err error) (results, error) {
			if errors.Is(err, eventstore.ErrTenant) {
				return under.Append(event.WithTenant(ctx, "some"), appends...)
			}
			return res, err
		})},
}
