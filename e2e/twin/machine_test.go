package twin_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// side is one of the stores that are compared, and what it was seen to say.
type side struct {
	name       string
	store      eventstore.Store
	isMemory   bool
	reopen     func() error // nil for a store that forgets
	inTx       func(ctx context.Context, commit bool, fn func(ctx context.Context, streams eventstore.Streams) error) error
	bound      eventstore.Streams // while a transaction is open
	events     map[event.Position]event.ID
	positions  map[event.ID]event.Position
	cursors    []event.Cursor // that pages ended with
	complaints string
}

// streams is what calls go through: a transaction, or the store.
func (s *side) streams() eventstore.Streams {
	if s.bound != nil {
		return s.bound
	}
	return s.store
}

// call is what was appended, and when.
type call struct {
	tenant  string
	appends []eventstore.Append
	at      time.Time
}

// machine plays one tape. What it draws leans on what the first side answered.
type machine struct {
	*rapid.T
	base    context.Context // of the calls; a transaction's while one is open
	clock   *clock
	policy  eventstore.Policy
	sides   []*side
	seen    census
	tape    []string // the calls, and what the first side answered
	differs string   // the answers that are not alike
	events  int      // ids that were given out
	heads   map[tenantStream]event.Version
	sent    []call // what was stored, so that it can be sent again
}

// tenantStream is a stream of a tenant.
type tenantStream struct {
	tenant string
	stream event.StreamID
}

// start is when the clock of each tape begins; it has more digits than stores keep.
var start = time.Date(2026, 3, 4, 5, 6, 7, 123_456_789, time.UTC)

// opener returns stores that are empty, with one of the policies.
type opener func(ctx context.Context, policy int) (*clock, []*side, error)

// play draws a tape, has every side play it, and fails where answers differ.
func play(t *rapid.T, open opener, seen census) {
	policy := below(t, "policy", len(policies)+3) // mostly the default
	if policy >= len(policies) {
		policy = 0
	}
	clock, sides, err := open(t.Context(), policy)
	if err != nil {
		t.Fatal(err)
	}
	m := &machine{T: t, base: t.Context(), clock: clock, policy: policies[policy], sides: sides, seen: seen, heads: make(map[tenantStream]event.Version)}
	clock.set(start)
	for _, s := range sides {
		s.events, s.positions = make(map[event.Position]event.ID), make(map[event.ID]event.Position)
		s.cursors = []event.Cursor{{}}
		if s.inTx == nil {
			s.inTx = m.withoutTx(s)
		}
	}
	t.Repeat(map[string]func(*rapid.T){
		"append":       func(*rapid.T) { m.appendSome() },
		"append more":  func(*rapid.T) { m.appendSome() },
		"append again": func(*rapid.T) { m.sendAgain() },
		"in a tx":      func(*rapid.T) { m.transact() },
		"look up":      func(*rapid.T) { m.lookUp() },
		"list":         func(*rapid.T) { m.list() },
		"page":         func(*rapid.T) { m.page() },
		"page more":    func(*rapid.T) { m.page() },
		"read":         func(*rapid.T) { m.read() },
		"read more":    func(*rapid.T) { m.read() },
		"reopen":       func(*rapid.T) { m.reopen() },
		"": func(t *rapid.T) { // the one place that fails, so that a tape can be shrunk across all calls
			if m.differs != "" {
				t.Fatalf("%s\nthe stores differ after %d calls on %+v:\n%s", m.differs, len(m.tape), m.policy, strings.Join(m.tape, "\n"))
			}
		},
	})
	m.readEverything()
	if m.differs != "" {
		t.Fatalf("%s\nthe stores differ in what is there after %d calls on %+v:\n%s", m.differs, len(m.tape), m.policy, strings.Join(m.tape, "\n"))
	}
}

// ask has each side do the same, and compares what they answer.
func (m *machine) ask(what string, do func(s *side) (kind, text string)) {
	m.clock.set(start.Add(time.Duration(len(m.tape)) * 1_000_001_001))
	var first string
	answers := make([]string, len(m.sides))
	for i, s := range m.sides {
		s.complaints = ""
		kind, text := do(s)
		answers[i] = text + s.complaints
		if i == 0 {
			first = answers[0]
			m.seen[kind]++
		}
	}
	m.tape = append(m.tape, fmt.Sprintf("%3d. %s\n     → %s", len(m.tape)+1, what, first))
	if m.differs != "" || !slices.ContainsFunc(answers, func(a string) bool { return a != first }) {
		return
	}
	m.differs = "they differ:"
	for i, s := range m.sides {
		m.differs += fmt.Sprintf("\n  %-10s %s", s.name, answers[i])
	}
}

// errOnPurpose is what a transaction that is rolled back returns.
var errOnPurpose = errors.New("rolled back on purpose")

// below draws a number below n. It shrinks to 0.
func below(t *rapid.T, what string, n int) int { return rapid.IntRange(0, n-1).Draw(t, what) }

func (m *machine) below(what string, n int) int { return below(m.T, what, n) }

// rarely is true about once in n times, and shrinks to false.
func (m *machine) rarely(what string, n int) bool { return m.below(what, n+2) == n }

func pick[E any](m *machine, what string, from ...E) E { return from[m.below(what, len(from))] }

// in returns the context of a tenant, rarely one that is done.
func (m *machine) in(tenant string) context.Context {
	ctx := event.WithTenant(m.base, tenant)
	if m.rarely("done", 60) {
		canceled, cancel := context.WithCancel(ctx)
		cancel()
		return canceled
	}
	return ctx
}

func describe(ctx context.Context, tenant string) string {
	if ctx.Err() != nil {
		return fmt.Sprintf("%q, who has left,", tenant)
	}
	return fmt.Sprintf("%q", tenant)
}

func (m *machine) tenant() string {
	if m.rarely("bad tenant", 20) {
		return pick(m, "tenant", "a\x00", "\xff")
	}
	return pick(m, "tenant", "", "a", "b")
}

func (m *machine) stream() event.StreamID {
	return event.StreamID{Category: pick(m, "category", "test", "other"), ID: pick(m, "id", "1", "2", "10", "é-2", "Z", "a")}
}

// lookUp asks for some ids: of events that are there, that are not, and twice.
func (m *machine) lookUp() {
	tenant := m.tenant()
	ctx := m.in(tenant)
	n := m.below("ids", 6)
	if m.rarely("many", 30) {
		n = 95 + m.below("ids", 8)
	}
	ids := make([]event.ID, n)
	var names []string
	for i := range ids {
		ids[i] = numbered(m.below("event", m.events+2))
		names = append(names, number(ids[i]))
	}
	m.ask(fmt.Sprintf("%s looks up %v", describe(ctx, tenant), names), func(s *side) (kind, text string) {
		recs, err := s.streams().Lookup(ctx, ids...)
		if err != nil {
			return s.failureOf(ctx, err)
		}
		return "records", s.records(recs)
	})
}

func (m *machine) list() {
	tenant := m.tenant()
	ctx := m.in(tenant)
	q := eventstore.ListQuery{
		Category: pick(m, "category", "test", "other", "absent", "no category", ""),
		After:    pick(m, "after", "", "1", "10", "2", "Z", "é", "a", "a\x00", "\xff"), Limit: m.below("limit", 7) - 1,
	}
	m.ask(fmt.Sprintf("%s lists %+v", describe(ctx, tenant), q), func(s *side) (kind, text string) {
		listing, err := s.store.List(ctx, q)
		if err != nil {
			return s.failureOf(ctx, err)
		}
		return "listing", fmt.Sprintf("%+v", listing)
	})
}

func (m *machine) reopen() {
	if !m.rarely("really", 4) {
		return
	}
	m.ask("the stores are closed and opened again", func(s *side) (kind, text string) {
		if s.reopen != nil {
			if err := s.reopen(); err != nil {
				return s.failure(err)
			}
		}
		return "reopened", "opened"
	})
}

// readEverything compares all that there is.
func (m *machine) readEverything() {
	for _, tenant := range []string{"", "a", "b"} {
		ctx := event.WithTenant(m.Context(), tenant)
		m.ask(fmt.Sprintf("%q reads everything", tenant), func(s *side) (kind, text string) {
			return s.everything(ctx, tenant == "")
		})
	}
}

func (s *side) everything(ctx context.Context, feed bool) (kind, text string) {
	var b strings.Builder
	for q := (eventstore.FeedQuery{Limit: 3}); feed; {
		page, err := s.store.Page(ctx, q)
		if err != nil {
			return s.failureOf(ctx, err)
		}
		s.inOrder(page.Records)
		fmt.Fprintln(&b, s.records(page.Records))
		if q.After = page.Next; page.AtHead {
			break
		}
	}
	for _, category := range []string{"test", "other"} {
		listing, err := s.store.List(ctx, eventstore.ListQuery{Category: category})
		if err != nil {
			return s.failureOf(ctx, err)
		}
		fmt.Fprintf(&b, "%+v\n", listing)
		for _, info := range listing.Streams {
			recs, err := eventstore.Collect(s.store.Read(ctx, info.Stream, eventstore.ReadQuery{}))
			if err != nil {
				return s.failureOf(ctx, err)
			}
			fmt.Fprintln(&b, s.records(recs))
		}
	}
	return "everything", b.String()
}
