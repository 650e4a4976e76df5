package eventstoretest

import (
	"context"
	"errors"
	"strings"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

var tenancyCases = []scenario{
	{name: "Tenancy/StreamsAreApart", run: tenantStreams},
	{name: "Tenancy/ReadsAreApart", run: tenantReads},
	{name: "Tenancy/LookupsAreApart", run: tenantLookups},
	{name: "Tenancy/ListsAreApart", run: tenantLists},
	{name: "Tenancy/FeedsAreApart", run: tenantFeeds},
	{name: "Tenancy/FeedOfAnotherIsRefused", run: tenantForeignFeed},
	{name: "Tenancy/RequiredAndMissing", run: tenantRequired},
	{name: "Tenancy/BadNames", run: tenantBad},
}

// tenants returns a context for each tenant, the first for none.
func (t *trial) tenants() []context.Context {
	return []context.Context{
		t.Context(), event.WithTenant(t.Context(), "a"), event.WithTenant(t.Context(), "A"), event.WithTenant(t.Context(), "ab"), event.WithTenant(t.Context(), "a-test"),
	}
}

// tenantStreams: what one tenant does to a stream is nothing to those of the others.
func tenantStreams(t *trial) {
	s := t.open()
	for i, ctx := range t.tenants() {
		for range i {
			t.appendIn(ctx, s, to(one, eventstore.Any, "a"))
		}
	}
	for i, ctx := range t.tenants() {
		_, err := s.Append(ctx, to(one, eventstore.Exactly(99), "x"))
		if conflict, ok := errors.AsType[*eventstore.ConflictError](err); !ok || conflict.Actual != event.Version(i) {
			t.Errorf("tenant %d at version %d: %v", i, i, err)
		}
		if res := t.appendIn(ctx, s, to(one, eventstore.Exactly(event.Version(i)), "y"))[0]; res.Version != event.Version(i+1) {
			t.Errorf("tenant %d: %+v", i, res)
		}
		if len(t.collect(s.Read(ctx, one, eventstore.ReadQuery{}))) != i+1 {
			t.Errorf("tenant %d has not %d events", i, i+1)
		}
	}
	t.appendIn(t.tenants()[1], s, closing(to(one, eventstore.Any)))
	for i, ctx := range t.tenants() {
		if _, err := s.Append(ctx, to(one, eventstore.Any, "z")); (err != nil) != (i == 1) {
			t.Errorf("tenant 1 closed its stream, that of tenant %d: %v", i, err)
		}
	}
}

// spread appends to one and two in every tenant and returns what is each one's.
func (t *trial) spread(s eventstore.Store) [][]event.Record {
	t.Helper()
	all := make([][]event.Record, len(t.tenants()))
	for range 2 {
		for i, ctx := range t.tenants() {
			t.appendIn(ctx, s, many(one, eventstore.Any, 1+i), to(two, eventstore.Any, "b"))
		}
	}
	for _, rec := range t.readAll(s) {
		for i, ctx := range t.tenants() {
			if event.MetadataFrom(ctx).Tenant == rec.Metadata.Tenant {
				all[i] = append(all[i], rec)
			}
		}
	}
	for i, recs := range all {
		if len(recs) != 2*(2+i) {
			t.Fatalf("tenant %d has %s, not %d events", i, brief(recs), 2*(2+i))
		}
	}
	return all
}

func tenantReads(t *trial) {
	s := t.open()
	for i, recs := range t.spread(s) {
		ctx := t.tenants()[i]
		for _, stream := range []event.StreamID{one, two} {
			want := only(recs, func(rec event.Record) bool { return rec.Stream == stream })
			for _, q := range []eventstore.ReadQuery{{}, {Backward: true}, {After: 1, Limit: 3}} {
				t.requireSame("a tenant's stream", t.collect(s.Read(ctx, stream, q)), selected(want, q))
			}
		}
	}
	if recs := t.collect(s.Read(event.WithTenant(t.Context(), "nobody"), one, eventstore.ReadQuery{})); len(recs) != 0 {
		t.Errorf("a tenant without events reads %s", brief(recs))
	}
}

func tenantLookups(t *trial) {
	s := t.open()
	var ids []event.ID
	all := t.spread(s)
	for _, recs := range all {
		for _, rec := range recs {
			ids = append(ids, rec.ID)
		}
	}
	for i, ctx := range t.tenants() {
		found, err := s.Lookup(ctx, ids...)
		if err != nil {
			t.Fatal(err)
		}
		t.requireSame("looked up by a tenant", found, all[i])
	}
}

func tenantLists(t *trial) {
	s := t.open()
	for i, ctx := range t.tenants() {
		t.appendIn(ctx, s, many(one, eventstore.Any, 1+i), to(numbered(10+i), eventstore.Any, "a"))
	}
	for i, ctx := range t.tenants() {
		got := t.list(ctx, s, "test")
		want := []eventstore.StreamInfo{{Stream: one, Version: event.Version(1 + i)}, {Stream: numbered(10 + i), Version: 1}}
		if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
			t.Errorf("tenant %d lists %v, want %v", i, got, want)
		}
	}
}

func tenantFeeds(t *trial) {
	s := t.open()
	all := t.spread(s)
	for i, want := range all[1:] {
		ctx := t.tenants()[i+1]
		for _, limit := range []int{0, 1, 3} {
			inContext, _ := t.readFeed(ctx, s, eventstore.FeedQuery{Limit: limit})
			t.requireSame("the feed in a tenant's context", inContext, want)
			asked, next := t.readFeed(t.Context(), s, eventstore.FeedQuery{Tenant: event.MetadataFrom(ctx).Tenant, Limit: limit})
			t.requireSame("the feed asked for a tenant", asked, want)
			if head, err := s.Head(ctx); err != nil || next.Position != head {
				t.Errorf("a tenant's feed ends at %v, the head is %v, %v", next.Position, head, err)
			}
		}
		both, _ := t.readFeed(ctx, s, eventstore.FeedQuery{Tenant: event.MetadataFrom(ctx).Tenant})
		t.requireSame("the feed asked for the context's tenant", both, want)
	}
}

func tenantForeignFeed(t *trial) {
	s := t.open()
	t.spread(s)
	for _, ctx := range t.tenants()[1:] {
		page, err := s.Page(ctx, eventstore.FeedQuery{Tenant: "other"})
		if !errors.Is(err, eventstore.ErrTenant) || len(page.Records) != 0 {
			t.Errorf("%s, %v", brief(page.Records), err)
		}
	}
}

func tenantRequired(t *trial) {
	s := t.openWith(Options{Policy: eventstore.Policy{RequireTenant: true}})
	a := to(one, eventstore.NoStream, "a")
	t.requireUnchangedWhereRequired(s, func() {
		if res, err := s.Append(t.Context(), a); !errors.Is(err, eventstore.ErrTenant) {
			t.Errorf("append: %v, %v", res, err)
		}
	})
	ctx := event.WithTenant(t.Context(), "a")
	t.appendIn(ctx, s, a)
	requireTenantError(t.Context(), t, s, a.Events[0].ID)
	if recs := t.collect(s.Read(ctx, one, eventstore.ReadQuery{})); len(recs) != 1 {
		t.Errorf("with a tenant: %s", brief(recs))
	}
	if recs := t.readAll(s); len(recs) != 1 { // as subscriptions need it
		t.Errorf("the feed without a tenant: %s", brief(recs))
	}
	if _, err := s.Head(t.Context()); err != nil {
		t.Errorf("head without a tenant: %v", err)
	}
}

// requireUnchangedWhereRequired looks at the feed alone, which needs no tenant.
func (t *trial) requireUnchangedWhereRequired(s eventstore.Store, fn func()) {
	t.Helper()
	before := len(t.readAll(s))
	if fn(); len(t.readAll(s)) != before {
		t.Error("something was stored")
	}
}

// requireTenantError fails unless nothing that needs a tenant can be done in ctx.
func requireTenantError(ctx context.Context, t *trial, s eventstore.Store, id event.ID) {
	t.Helper()
	n := 0
	for rec, err := range s.Read(ctx, one, eventstore.ReadQuery{}) {
		if n++; !errors.Is(err, eventstore.ErrTenant) || rec.ID != (event.ID{}) {
			t.Errorf("read: %v, %v", rec.Header, err)
		}
	}
	if n != 1 {
		t.Errorf("read: yields %d times, want the error alone", n)
	}
	if found, err := s.Lookup(ctx, id); !errors.Is(err, eventstore.ErrTenant) {
		t.Errorf("look-up: %s, %v", brief(found), err)
	}
	if listing, err := s.List(ctx, eventstore.ListQuery{Category: "test"}); !errors.Is(err, eventstore.ErrTenant) {
		t.Errorf("list: %v, %v", listing, err)
	}
}

func tenantBad(t *trial) {
	s := t.open()
	a := to(one, eventstore.NoStream, "a")
	t.append(s, a)
	for _, name := range []string{"a\x00b", "a\nb", "a\xffb", strings.Repeat("x", event.MaxNameBytes+1)} {
		ctx := event.WithTenant(t.Context(), name)
		t.requireUnchanged(s, "a bad tenant", func() {
			if res, err := s.Append(ctx, to(two, eventstore.Any, "a")); !errors.Is(err, eventstore.ErrTenant) {
				t.Errorf("append by %q: %v, %v", name, res, err)
			}
		})
		requireTenantError(ctx, t, s, a.Events[0].ID)
	}
}
