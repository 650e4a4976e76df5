package eventstoretest

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

var directoryCases = []scenario{
	{name: "List/ByIDByteByByte", run: listOrder},
	{name: "List/OfOneCategory", run: listCategory},
	{name: "List/Pages", run: listPages},
	{name: "List/SaysWhatBecameOfThem", run: listStates},
	{name: "List/Limits", run: listLimits},
	{name: "List/BadQueries", run: listBad},
}

func listOrder(t *trial) {
	s := t.open()
	ids := append(slices.Clone(wide), "Z", "a", "B", "10", "9", "a0", "~", "ä", "\ue000", "\U0001f600")
	slices.Sort(ids)
	ids = slices.Compact(ids)
	var appends []eventstore.Append
	for _, id := range ids {
		appends = append(appends, to(event.StreamID{Category: "test", ID: id}, eventstore.NoStream, "a"))
	}
	slices.SortFunc(appends, func(a, b eventstore.Append) int { // in an order that is no order
		return strings.Compare(a.Events[0].ID.String()[30:], b.Events[0].ID.String()[30:])
	})
	t.append(s, appends...)
	var got []string
	for _, info := range t.list(t.Context(), s, "test") {
		got = append(got, info.Stream.ID)
	}
	if !slices.Equal(got, ids) {
		t.Errorf("listed as\n%q, want\n%q", got, ids)
	}
}

func listCategory(t *trial) {
	s := t.open()
	categories := []string{"test", "Test", "tes", "test.", "test_", "testing", "te_t", "t"}
	for _, category := range categories {
		t.append(s, to(event.StreamID{Category: category, ID: category + "-1"}, eventstore.NoStream, "a"))
	}
	for _, category := range categories {
		got := t.list(t.Context(), s, category)
		if want := (event.StreamID{Category: category, ID: category + "-1"}); len(got) != 1 || got[0].Stream != want {
			t.Errorf("%s: %v", category, got)
		}
	}
	if got := t.list(t.Context(), s, "absent"); len(got) != 0 {
		t.Errorf("a category without streams has %v", got)
	}
}

func listPages(t *trial) {
	s := t.open()
	const n = 23
	var appends []eventstore.Append
	for i := range n {
		appends = append(appends, to(event.StreamID{Category: "test", ID: fmt.Sprintf("%02d", i)}, eventstore.NoStream, "a"))
	}
	t.append(s, appends...)
	for _, limit := range []int{1, 7, n - 1, n, n + 1} {
		q, got := eventstore.ListQuery{Category: "test", Limit: limit}, 0
		for pages := 1; ; pages++ {
			listing, err := s.List(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			rest := n - got
			if len(listing.Streams) != min(limit, rest) || listing.AtEnd && rest > limit {
				t.Fatalf("limit %d, page %d: %d streams of the last %d, at end: %v", limit, pages, len(listing.Streams), rest, listing.AtEnd)
			}
			for _, info := range listing.Streams {
				if info.Stream != appends[got].Stream {
					t.Fatalf("limit %d: %s at place %d", limit, info.Stream, got)
				}
				got++
			}
			if listing.AtEnd {
				break
			}
			if len(listing.Streams) == 0 {
				t.Fatalf("limit %d: an empty page that is not the end", limit)
			}
			q.After = appends[got-1].Stream.ID
		}
		if got != n {
			t.Errorf("limit %d: %d streams of %d", limit, got, n)
		}
	}
	for after, want := range map[string]int{"": n, "00": n - 1, "005": n - 1, "21": 1, "22": 0, "3": 0, "\U0010ffff": 0} {
		if listing, err := s.List(t.Context(), eventstore.ListQuery{Category: "test", After: after}); err != nil || len(listing.Streams) != want {
			t.Errorf("after %q: %d streams, want %d: %v", after, len(listing.Streams), want, err)
		}
	}
}

func listStates(t *trial) {
	s := t.open()
	requireListed := func(want ...eventstore.StreamInfo) {
		t.Helper()
		if got := t.list(t.Context(), s, "test"); !slices.Equal(got, want) {
			t.Errorf("listed %+v, want %+v", got, want)
		}
	}
	requireListed()
	t.append(s, to(two, eventstore.NoStream, "a"))
	requireListed(eventstore.StreamInfo{Stream: two, Version: 1})
	t.append(s, to(one, eventstore.NoStream, "a", "b", "c"), to(two, eventstore.Any, "b"))
	requireListed(eventstore.StreamInfo{Stream: one, Version: 3}, eventstore.StreamInfo{Stream: two, Version: 2})
	if _, err := s.Append(t.Context(), to(numbered(3), eventstore.Exactly(1), "a")); err == nil {
		t.Error("a conflict was stored")
	}
	t.append(s, closing(to(two, eventstore.Any, "c")), closing(to(numbered(4), eventstore.NoStream)))
	requireListed(eventstore.StreamInfo{Stream: one, Version: 3}, eventstore.StreamInfo{Stream: two, Version: 3, Closed: true},
		eventstore.StreamInfo{Stream: numbered(4), Closed: true})
}

func listLimits(t *trial) {
	s := t.open()
	const n = eventstore.MaxPageEvents
	appends := make([]eventstore.Append, n)
	for i := range appends {
		appends[i] = to(event.StreamID{Category: "test", ID: fmt.Sprintf("%05d", i)}, eventstore.NoStream, "a")
	}
	t.append(s, appends...)
	t.append(s, to(event.StreamID{Category: "test", ID: "x"}, eventstore.NoStream, "a"))
	for limit, want := range map[int]int{0: eventstore.DefaultPageEvents, 1: 1, n - 1: n - 1, n: n, n + 1: n, 10 * n: n} {
		listing, err := s.List(t.Context(), eventstore.ListQuery{Category: "test", Limit: limit})
		if err != nil || len(listing.Streams) != want || listing.AtEnd {
			t.Errorf("limit %d: %d streams, want %d; at end: %v, %v", limit, len(listing.Streams), want, listing.AtEnd, err)
		}
	}
}

func listBad(t *trial) {
	s := t.open()
	queries := []eventstore.ListQuery{{}, {Category: "te-st"}, {Category: "te st"}, {Category: "1"}, {Category: "test", Limit: -1}}
	for _, bad := range badNames {
		if bad != "" { // begins with the first
			queries = append(queries, eventstore.ListQuery{Category: "test", After: bad})
		}
	}
	for _, q := range queries {
		if listing, err := s.List(t.Context(), q); !errors.Is(err, eventstore.ErrInvalidQuery) {
			t.Errorf("%+v: %v, %v", q, listing, err)
		}
	}
}
