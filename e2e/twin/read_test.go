package twin_test

import (
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
	var cursors [][]event.Cursor // that were reached, by side
	m.ask(what, func(s *side) (kind, text string) {
		q := q
		q.After = s.place(at)
		var parts []string
		var reached []event.Cursor
		defer func() { cursors = append(cursors, reached) }()
		for {
			page, err := s.store.Page(ctx, q)
			if err != nil {
				return s.failureOf(ctx, err)
			}
			s.inOrder(page.Records)
			part := s.records(page.Records)
			parts = append(parts, fmt.Sprintf("%s, next is %s, at the head: %v", part, s.cursor(page.Next), page.AtHead))
			if page.Stall != nil {
				s.complain("stalled: %s", page.Stall.Cause)
			}
			reached = append(reached, page.Next)
			if q.After = page.Next; !all || page.AtHead || len(parts) > 500 {
				break
			}
		}
		head, err := s.store.Head(ctx)
		if err != nil {
			return s.failureOf(ctx, err)
		}
		return "page", strings.Join(parts, "\n     → ") + "; head " + s.at(head)
	})
	if m.differs != "" {
		return
	}
	for i, s := range m.sides {
		s.cursors = append(s.cursors, cursors[i]...)
	}
}
