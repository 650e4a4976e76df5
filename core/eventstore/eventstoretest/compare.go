package eventstoretest

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// same reports whether a and b are the same record, of which one may have been stored again.
func same(a, b event.Record) bool {
	x, y := a.Header, b.Header
	extra := maps.Equal(x.Metadata.Extra, y.Metadata.Extra)
	x.Metadata.Extra, y.Metadata.Extra = nil, nil
	return extra && bytes.Equal(a.Data, b.Data) && fmt.Sprint(x) == fmt.Sprint(y)
}

// requireSame fails unless got are the records want, in that order.
func (t *trial) requireSame(what string, got, want []event.Record) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d records, want %d:\n%s\n%s", what, len(got), len(want), brief(got), brief(want))
	}
	for i := range got {
		if !same(got[i], want[i]) {
			t.Fatalf("%s: record %d is\n%+v %s, want\n%+v %s", what, i, got[i].Header, got[i].Data, want[i].Header, want[i].Data)
		}
	}
}

// brief names up to twenty records.
func brief(recs []event.Record) string {
	var names []string
	for _, rec := range recs[:min(20, len(recs))] {
		names = append(names, fmt.Sprintf("%v@%d", rec.Stream, rec.Version))
	}
	if len(recs) > len(names) {
		names = append(names, "…")
	}
	return "[" + strings.Join(names, " ") + "]"
}

// only returns the records that keep says.
func only(recs []event.Record, keep func(event.Record) bool) []event.Record {
	return slices.DeleteFunc(slices.Clone(recs), func(rec event.Record) bool { return !keep(rec) })
}

// contents is all that can be seen of a small store.
func (t *trial) contents(s eventstore.Store) string {
	t.Helper()
	var b strings.Builder
	for _, rec := range t.readAll(s) {
		fmt.Fprintln(&b, rec.Header, string(rec.Data))
	}
	for _, tenant := range []string{"", "a", "b"} {
		ctx := event.WithTenant(t.Context(), tenant)
		for _, category := range []string{"test", "other"} {
			fmt.Fprintln(&b, tenant, t.list(ctx, s, category))
		}
	}
	head, err := s.Head(t.Context())
	if err != nil {
		t.Fatalf("head: %v", err)
	}
	fmt.Fprintln(&b, head)
	return b.String()
}

// list returns the streams of a small category.
func (t *trial) list(ctx context.Context, s eventstore.Directory, category string) []eventstore.StreamInfo {
	t.Helper()
	var all []eventstore.StreamInfo
	for q := (eventstore.ListQuery{Category: category}); ; {
		listing, err := s.List(ctx, q)
		if err != nil {
			t.Fatalf("list: %v", err)
		}
		all = append(all, listing.Streams...)
		if listing.AtEnd {
			return all
		}
		if len(listing.Streams) == 0 {
			t.Fatalf("list of %s after %q: nothing, and not at the end", category, q.After)
		}
		q.After = listing.Streams[len(listing.Streams)-1].Stream.ID
	}
}

// shortened keeps the end of a long text.
func shortened(text string) string {
	const most = 4000
	if len(text) > most {
		return "…" + text[len(text)-most:]
	}
	return text
}

// requireUnchanged fails if fn changes what can be seen of s.
func (t *trial) requireUnchanged(s eventstore.Store, what string, fn func()) {
	t.Helper()
	before := t.contents(s)
	fn()
	if after := t.contents(s); after != before {
		t.Errorf("%s: left\n%swhere there was\n%s", what, shortened(after), shortened(before))
	}
}
