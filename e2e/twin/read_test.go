package twin_test

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

func (m *machine) readQuery() eventstore.ReadQuery {
	q := eventstore.ReadQuery{
		After:    event.Version(pick(m, "after", 0, 0, 1, 2, 3, 70, uint64(math.MaxUint64))),
		UpTo:     event.Version(pick(m, "up to", 0, 0, 1, 2, 4, 90, uint64(math.MaxUint64))),
		Backward: m.below("backward", 2) == 1,
		Limit:    pick(m, "limit", 0, 0, 1, 2, 3, 100, -1),
	}
	if m.below("since", 3) == 1 {
		q.Since = m.bound()
	}
	if m.below("until", 3) == 1 {
		q.Until = m.bound()
	}
	return q
}

// bound returns a time that may be far outside of those at which events occur.
func (m *machine) bound() time.Time {
	if m.rarely("far", 10) {
		return pick(m, "time", time.Date(-400, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(300_000, 1, 1, 0, 0, 0, 0, time.UTC))
	}
	return m.instant()
}

func (m *machine) read() {
	tenant, stream, q := m.tenant(), m.stream(), m.readQuery()
	if m.rarely("bad", 20) {
		stream.ID = pick(m, "id", "", "a\x00", "\xff")
	}
	ctx := m.in(tenant)
	m.ask(fmt.Sprintf("%s reads %+q %s", describe(ctx, tenant), stream, readText(q)), func(s *side) (kind, text string) {
		recs, err := eventstore.Collect(s.streams().Read(ctx, stream, q))
		if err != nil {
			return s.failureOf(ctx, err)
		}
		return "records", s.records(recs)
	})
}

func readText(q eventstore.ReadQuery) string {
	text := fmt.Sprintf("after %d up to %d, backward %v, at most %d", q.After, q.UpTo, q.Backward, q.Limit)
	if !q.Since.IsZero() {
		text += ", since " + q.Since.Format(time.RFC3339Nano)
	}
	if !q.Until.IsZero() {
		text += ", until " + q.Until.Format(time.RFC3339Nano)
	}
	return text
}

// place is a cursor by how it came about, as each side has its own.
type place struct {
	kept   int // which of those that pages ended with
	change int
}

// The ways in which a cursor that was kept is changed before it is used.
const (
	asKept     = iota
	unchecked  // without its event
	elsewhere  // with the event of another one
	beyond     // after everything
	foreign    // of a store that nobody knows
	placeKinds = 12
)

func (p place) String() string {
	return fmt.Sprintf("cursor %d", p.kept) + map[int]string{
		unchecked: ", unchecked", elsewhere: ", with another event", beyond: ", moved beyond the end", foreign: ", of another store",
	}[p.change]
}

func (s *side) place(p place) event.Cursor {
	c := s.cursors[p.kept]
	switch p.change {
	case unchecked:
		c.Event = event.ID{}
	case elsewhere:
		c.Event = numbered(1 << 40)
	case beyond:
		store, _, ok := strings.Cut(c.Position.String(), ".")
		if ok { // the zero position is of no store
			if err := c.Position.UnmarshalText([]byte(store + ".4000000000000")); err != nil {
				s.complain("%v", err)
			}
		}
	case foreign:
		c.Position = event.NewPosition(numbered(7), 1)
	}
	return c
}

// page reads one page of the feed, or all that follow it too.
func (m *machine) page() {
	tenant := m.tenant()
	ctx, at := m.in(tenant), place{m.below("cursor", len(m.sides[0].cursors)), m.below("change", placeKinds)}
	q := eventstore.FeedQuery{Limit: pick(m, "limit", 0, 1, 2, 3, 5, 100, -1)}
	if m.below("types", 3) == 2 {
		q.Types = pick(m, "types", []string{"x"}, []string{"y", "Z é"}, []string{"absent"}, []string{"a'b\\", "x"}, []string{"x\x00"}, []string{"x", "\xff"}, []string{"x", ""}, []string{"x", "x"}, []string{strings.Repeat("x", event.MaxNameBytes+1)})
	}
	if m.below("categories", 3) == 2 {
		q.Categories = pick(m, "categories", []string{"other"}, []string{"test", "other"}, []string{"no category", "absent"}, []string{"a\x00"}, []string{"test", "\xff"}, []string{"test", "test"})
	}
	if m.below("of", 4) == 3 {
		q.Tenant = m.tenant()
	}
	all := m.below("all", 3) == 2
	what := fmt.Sprintf("%s asks for a page after %v, types %+q, categories %+q, tenant %+q, at most %d", describe(ctx, tenant), at, q.Types, q.Categories, q.Tenant, q.Limit)
	if all {
		what += ", and for all that follow"
	}
	reached := make(map[string]event.Cursor) // by side
	m.ask(what, func(s *side) (kind, text string) {
		q := q
		q.After = s.place(at)
		text, next, err := s.pages(ctx, q, all)
		if err != nil {
			return s.failureOf(ctx, err)
		}
		head, err := s.store.Head(ctx)
		if err != nil {
			return s.failureOf(ctx, err)
		}
		reached[s.name] = next
		return "page", text + "; head " + s.at(head)
	})
	if m.differs != "" || len(reached) < len(m.sides) {
		return
	}
	for _, s := range m.sides { // what is not alike is not wrong, and of no use to go on from
		if s.cursor(reached[s.name]) != m.sides[0].cursor(reached[m.sides[0].name]) {
			return
		}
	}
	for _, s := range m.sides {
		s.cursors = append(s.cursors, reached[s.name])
	}
}

// pages reads one page, or all to the head. With a filter it is a store's own affair how far a
// page looks, so there it reads on until the page is full, or at the head.
func (s *side) pages(ctx context.Context, q eventstore.FeedQuery, all bool) (text string, next event.Cursor, err error) {
	filtered := len(q.Types)+len(q.Categories) > 0 || q.Tenant+event.MetadataFrom(ctx).Tenant != ""
	wanted, parts := cmp.Or(q.Limit, eventstore.DefaultPageEvents), []string(nil)
	var recs []event.Record
	for looks := 0; ; looks++ {
		page, err := s.store.Page(ctx, q)
		if err != nil {
			return "", next, err
		}
		if page.Stall != nil {
			s.complain("stalled: %s", page.Stall.Cause)
		}
		if !page.AtHead && page.Next == q.After || looks > 500 {
			s.complain("it gets no further than %s", s.cursor(page.Next))
			return "", next, nil
		}
		recs = append(recs, page.Records...)
		next, q.After = page.Next, page.Next
		if !filtered {
			parts = append(parts, fmt.Sprintf("%d records, next is %s, at the head: %v", len(page.Records), s.cursor(next), page.AtHead))
		}
		if page.AtHead || !all && (!filtered || len(recs) == wanted) {
			s.inOrder(recs)
			parts = append(parts, s.records(recs))
			if page.AtHead && (all || len(recs) != wanted) {
				parts = append(parts, "at the head, next is "+s.cursor(next))
			}
			return strings.Join(parts, "; "), next, nil
		}
		if !all {
			q.Limit = wanted - len(recs)
		}
	}
}
