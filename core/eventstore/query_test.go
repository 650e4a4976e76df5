package eventstore_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

func TestReadQuerySelects(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	h := event.Header{Version: 3, Occurred: at}
	for _, c := range []struct {
		q    eventstore.ReadQuery
		want bool
	}{
		{eventstore.ReadQuery{}, true},
		{eventstore.ReadQuery{After: 2}, true},
		{eventstore.ReadQuery{After: 3}, false},
		{eventstore.ReadQuery{UpTo: 3}, true},
		{eventstore.ReadQuery{UpTo: 2}, false},
		{eventstore.ReadQuery{Since: at, Until: at}, true},
		{eventstore.ReadQuery{Since: at.Add(1)}, false},
		{eventstore.ReadQuery{Until: at.Add(-1)}, false},
		{eventstore.ReadQuery{Since: at.In(time.FixedZone("", 3600))}, true},
	} {
		if got := c.q.Selects(h); got != c.want {
			t.Errorf("%+v selects it: %v", c.q, got)
		}
	}
}

func TestLimits(t *testing.T) {
	for limit, want := range map[int]int{0: eventstore.DefaultPageEvents, 1: 1, eventstore.MaxPageEvents: eventstore.MaxPageEvents, eventstore.MaxPageEvents + 1: eventstore.MaxPageEvents} {
		feed, err := eventstore.FeedQuery{Limit: limit}.Resolve(t.Context())
		if err != nil || feed.Limit != want {
			t.Errorf("feed, limit %d: %d, %v", limit, feed.Limit, err)
		}
		list, err := eventstore.ListQuery{Category: "account", Limit: limit}.Resolve()
		if err != nil || list.Limit != want {
			t.Errorf("list, limit %d: %d, %v", limit, list.Limit, err)
		}
	}
	_, feed := eventstore.FeedQuery{Limit: -1}.Resolve(t.Context())
	_, list := eventstore.ListQuery{Category: "account", Limit: -1}.Resolve()
	for _, err := range []error{feed, list, eventstore.ReadQuery{Limit: -1}.Validate()} {
		if !errors.Is(err, eventstore.ErrInvalidQuery) {
			t.Errorf("limit -1: %v", err)
		}
	}
	if _, err := (eventstore.ListQuery{}).Resolve(); !errors.Is(err, eventstore.ErrInvalidQuery) || !errors.Is(err, event.ErrInvalidStream) {
		t.Errorf("no category: %v", err)
	}
}

func TestFeedQueryTenant(t *testing.T) {
	mine := event.WithTenant(t.Context(), "mine")
	for _, c := range []struct {
		ctx         context.Context
		asked, want string
		err         error
	}{
		{t.Context(), "", "", nil},
		{t.Context(), "any", "any", nil},
		{mine, "", "mine", nil},
		{mine, "mine", "mine", nil},
		{mine, "other", "other", eventstore.ErrTenant},
	} {
		q, err := eventstore.FeedQuery{Tenant: c.asked}.Resolve(c.ctx)
		if q.Tenant != c.want || !errors.Is(err, c.err) {
			t.Errorf("asked for %q: %q, %v", c.asked, q.Tenant, err)
		}
	}
}

func TestNamesThatNothingHasAreRefused(t *testing.T) {
	for _, bad := range []string{"a\x00", "a\xff", "a\n"} {
		_, types := eventstore.FeedQuery{Types: []string{"a", bad}}.Resolve(t.Context())
		_, categories := eventstore.FeedQuery{Categories: []string{bad}}.Resolve(t.Context())
		_, after := eventstore.ListQuery{Category: "account", After: bad}.Resolve()
		for what, err := range map[string]error{"type": types, "category": categories, "after": after} {
			if !errors.Is(err, eventstore.ErrInvalidQuery) {
				t.Errorf("%s %q: %v", what, bad, err)
			}
		}
		_, asked := eventstore.FeedQuery{Tenant: bad}.Resolve(t.Context())
		_, carried := eventstore.FeedQuery{}.Resolve(event.WithTenant(t.Context(), bad))
		if !errors.Is(asked, eventstore.ErrTenant) || !errors.Is(carried, eventstore.ErrTenant) {
			t.Errorf("tenant %q: %v, %v", bad, asked, carried)
		}
	}
}
