package eventstoretest

import (
	"errors"
	"fmt"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

var pageCases = []scenario{
	{name: "Page/LimitCountsWhatIsWanted", run: pageLimit},
	{name: "Page/AtHeadOnlyThere", run: pageAtHead},
	{name: "Page/EventLimits", run: pageEvents},
	{name: "Page/ByteLimit", run: pageBytes},
	{name: "Page/ByteLimitCountsMetadata", run: pageMetadata},
	{name: "Page/OneHugeEvent", run: pageHuge},
	{name: "Page/BadQueries", run: pageBad},
}

// pageLimit: pages are full as long as there is more, however sparse what is wanted is.
func pageLimit(t *trial) {
	s := t.open()
	for range 12 {
		a := many(one, eventstore.Any, 25)
		a.Events[7].Type = "wanted"
		t.append(s, a)
	}
	for _, limit := range []int{1, 5, 12} {
		q, pages, got := eventstore.FeedQuery{Types: []string{"wanted"}, Limit: limit}, 0, 0
		for {
			page, err := s.Page(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			if bad := badPage(q, page); bad != "" {
				t.Fatal(bad)
			}
			pages, got, q.After = pages+1, got+len(page.Records), page.Next
			if page.AtHead {
				break
			}
			if len(page.Records) != limit {
				t.Fatalf("limit %d, page %d: %d records", limit, pages, len(page.Records))
			}
		}
		if got != 12 {
			t.Errorf("limit %d: %d records, want 12", limit, got)
		}
	}
}

func pageAtHead(t *trial) {
	s := t.open()
	const n = 10
	t.append(s, many(one, eventstore.NoStream, n))
	for limit := 1; limit <= n+1; limit++ {
		q := eventstore.FeedQuery{Limit: limit}
		for got := 0; ; {
			page, err := s.Page(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			if bad := badPage(q, page); bad != "" {
				t.Fatal(bad)
			}
			got, q.After = got+len(page.Records), page.Next
			if page.AtHead && got < n {
				t.Fatalf("limit %d: at head after %d of %d", limit, got, n)
			}
			if page.Stall != nil {
				t.Errorf("limit %d: stalled by %s with nobody else there", limit, page.Stall.Cause)
			}
			if page.AtHead {
				break
			}
		}
	}
}

func pageEvents(t *trial) {
	s := t.open()
	const n = eventstore.MaxPageEvents
	t.append(s, many(one, eventstore.NoStream, n))
	t.append(s, many(two, eventstore.NoStream, 50))
	for limit, want := range map[int]int{0: eventstore.DefaultPageEvents, 1: 1, n - 1: n - 1, n: n, n + 1: n, 10 * n: n} {
		page, err := s.Page(t.Context(), eventstore.FeedQuery{Limit: limit})
		if err != nil || len(page.Records) != want || page.AtHead {
			t.Errorf("limit %d: %d records, want %d; at head: %v, %v", limit, len(page.Records), want, page.AtHead, err)
		}
	}
	if recs, _ := t.readFeed(t.Context(), s, eventstore.FeedQuery{Limit: n}); len(recs) != n+50 {
		t.Errorf("%d records, want %d", len(recs), n+50)
	}
}

// pageBytes: a page ends with the record that fills it.
func pageBytes(t *trial) {
	s := t.open()
	for i := range 12 {
		a := to(numbered(i%2), eventstore.Any, []string{"x", "y"}[i%2])
		a.Events[0].Data = sized(900_000)
		t.append(s, a)
	}
	for _, q := range []eventstore.FeedQuery{{}, {Types: []string{"x"}}, {Limit: eventstore.MaxPageEvents}} {
		t.requirePages(s, q, 12/(1+len(q.Types)))
	}
}

// pageMetadata: bytes are bytes, whether they are in the payload or beside it.
func pageMetadata(t *trial) {
	s := t.open()
	for i := range 12 {
		a := to(numbered(i%2), eventstore.Any, "a")
		if text := string(sized(900_000)); i%3 == 0 {
			a.Events[0].Metadata.Correlation = text
		} else {
			a.Events[0].Metadata.Extra = map[string]string{"key": text[:i*1000], "other": text[i*1000:]}
		}
		t.append(s, a)
	}
	t.requirePages(s, eventstore.FeedQuery{}, 12)
}

// requirePages fails unless the pages of q have want records and end where they are full.
func (t *trial) requirePages(s eventstore.Feed, q eventstore.FeedQuery, want int) {
	t.Helper()
	got, pages := 0, 0
	for {
		page, err := s.Page(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if bad := badPage(q, page); bad != "" {
			t.Fatal(bad)
		}
		size := 0
		for _, rec := range page.Records {
			if size >= eventstore.MaxPageBytes {
				t.Fatalf("a page of %d records goes on after %d bytes", len(page.Records), size)
			}
			size += rec.Size()
		}
		got, pages, q.After = got+len(page.Records), pages+1, page.Next
		if page.AtHead {
			break
		}
	}
	if got != want || pages > want {
		t.Errorf("%d records in %d pages, want %d records", got, pages, want)
	}
}

func pageHuge(t *trial) {
	const huge = eventstore.MaxPageBytes + 1000
	s := t.openWith(Options{Policy: eventstore.Policy{MaxEventBytes: huge}})
	t.append(s, to(one, eventstore.Any, "a"))
	for range 2 {
		a := to(one, eventstore.Any, "huge")
		a.Events[0].Data = sized(huge)
		t.append(s, a)
	}
	t.append(s, to(one, eventstore.Any, "a"))
	recs, _ := t.readFeed(t.Context(), s, eventstore.FeedQuery{})
	if len(recs) != 4 || len(recs[1].Data) != huge || len(recs[2].Data) != huge {
		t.Errorf("the feed shows %s", brief(recs))
	}
	page, err := s.Page(t.Context(), eventstore.FeedQuery{After: event.Cursor{Position: recs[0].Position, Event: recs[0].ID}})
	if err != nil || len(page.Records) != 1 || page.AtHead {
		t.Errorf("a page that starts with the huge event: %s, at head: %v, %v", brief(page.Records), page.AtHead, err)
	}
}

func pageBad(t *trial) {
	s := t.open()
	t.append(s, to(one, eventstore.NoStream, "a"))
	for _, limit := range []int{-1, -1 << 62} {
		if page, err := s.Page(t.Context(), eventstore.FeedQuery{Limit: limit}); !errors.Is(err, eventstore.ErrInvalidQuery) {
			t.Errorf("limit %d: %s, %v", limit, brief(page.Records), err)
		}
	}
	for _, bad := range badNames {
		for _, q := range []eventstore.FeedQuery{{Types: []string{"a", bad}}, {Categories: []string{"test", bad}}} {
			if page, err := s.Page(t.Context(), q); !errors.Is(err, eventstore.ErrInvalidQuery) {
				t.Errorf("%+v: %s, %v", q, brief(page.Records), err)
			}
		}
		if bad == "" { // asks for all tenants
			continue
		}
		if page, err := s.Page(t.Context(), eventstore.FeedQuery{Tenant: bad}); !errors.Is(err, eventstore.ErrTenant) {
			t.Errorf("tenant %q: %s, %v", bad, brief(page.Records), err)
		}
		if page, err := s.Page(event.WithTenant(t.Context(), bad), eventstore.FeedQuery{}); !errors.Is(err, eventstore.ErrTenant) {
			t.Errorf("as tenant %q: %s, %v", bad, brief(page.Records), err)
		}
	}
	lots := make([]string, 2000)
	for i := range lots {
		lots[i] = fmt.Sprint("type", i)
	}
	lots = append(lots, "a")
	if recs, _ := t.readFeed(t.Context(), s, eventstore.FeedQuery{Types: lots, Categories: append(lots[:2000:2000], "test")}); len(recs) != 1 {
		t.Errorf("a filter of 2001 types and categories shows %s", brief(recs))
	}
}
