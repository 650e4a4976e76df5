package twin_test

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/memstore"
)

// The ways in which a transaction ends.
const (
	commits = iota
	rollsBack
	leaves // who began it is gone
)

var endings = []string{"to commit", "to roll back", "to leave before the end"}

// transact makes some calls in a transaction that all sides have open, each its own.
func (m *machine) transact() {
	end := m.below("end", 2)
	if m.rarely("leave", 10) {
		end = leaves
	}
	base, sent, heads := m.base, slices.Clone(m.sent), maps.Clone(m.heads)
	ctx, cancel := context.WithCancel(base)
	defer cancel()
	m.tape = append(m.tape, fmt.Sprintf("%3d. a transaction begins, %s", len(m.tape)+1, endings[end]))
	defer func() { m.base = base }()
	outcomes := make([]error, len(m.sides))
	m.begin(ctx, end, 0, outcomes, func(ctx context.Context) error {
		m.base = ctx
		for range 1 + m.below("calls", 4) {
			if m.differs != "" {
				break
			}
			pick(m, "call", m.appendSome, m.sendAgain, m.lookUp, m.read, m.appendOutside)()
		}
		switch end {
		case rollsBack:
			return errOnPurpose
		case leaves:
			cancel()
		}
		return nil
	})
	m.base = base
	if end != commits {
		m.sent, m.heads = sent, heads
	}
	m.ask("the transaction ends", func(s *side) (kind, text string) {
		err := outcomes[slices.Index(m.sides, s)]
		switch {
		case err == nil:
			return "committed", "committed"
		case err == errOnPurpose:
			return "rolled back", "rolled back"
		}
		return s.failureOf(ctx, err)
	})
}

// begin opens a transaction on the sides from i on, one inside of the other, and runs fn in them.
func (m *machine) begin(ctx context.Context, end, i int, outcomes []error, fn func(ctx context.Context) error) (err error) {
	if i == len(m.sides) {
		return fn(ctx)
	}
	s := m.sides[i]
	events, positions := maps.Clone(s.events), maps.Clone(s.positions)
	outcomes[i] = s.inTx(ctx, end == commits, func(ctx context.Context, streams eventstore.Streams) error {
		s.bound = streams
		err = m.begin(ctx, end, i+1, outcomes, fn)
		return err
	})
	if s.bound = nil; end != commits {
		s.events, s.positions = events, positions
	}
	return err
}

// withoutTx stands for a transaction on a store in memory, which has none: one that commits is a
// row of calls, one that does not is the same on a copy.
func (m *machine) withoutTx(s *side) func(ctx context.Context, commit bool, fn func(ctx context.Context, streams eventstore.Streams) error) error {
	return func(ctx context.Context, commit bool, fn func(ctx context.Context, streams eventstore.Streams) error) error {
		streams := eventstore.Streams(s.store)
		if !commit {
			copied, err := m.copied(ctx, s)
			if err != nil {
				return err
			}
			streams = copied
		}
		if err := fn(ctx, streams); err != nil {
			return err
		}
		return ctx.Err()
	}
}

// copied returns a store in memory that has what was stored until now, and has s know its positions.
func (m *machine) copied(ctx context.Context, s *side) (eventstore.Streams, error) {
	now := m.clock.now()
	defer m.clock.set(now)
	copied := memstore.NewWith(memstore.Config{Policy: m.policy, Now: m.clock.now})
	for _, c := range m.sent {
		m.clock.set(c.at)
		if _, err := copied.Append(event.WithTenant(ctx, c.tenant), c.appends...); err != nil {
			return nil, err
		}
	}
	page, err := copied.Page(ctx, eventstore.FeedQuery{Limit: eventstore.MaxPageEvents})
	clear(s.positions)
	for _, rec := range page.Records {
		s.learn(rec.ID, rec.Position)
	}
	return copied, err
}

// appendOutside appends through the store while its transaction is open. What has no transactions
// answers as if it had.
func (m *machine) appendOutside() {
	c := call{appends: []eventstore.Append{m.appendTo("", m.stream())}}
	if m.policy.RequireTenant {
		c.tenant = "a"
	}
	ctx := event.WithTenant(m.base, c.tenant)
	m.ask(fmt.Sprintf("%q appends past the transaction %v", c.tenant, c), func(s *side) (kind, text string) {
		if s.isMemory {
			if _, err := m.policy.Check(ctx, c.appends...); err != nil {
				return s.failureOf(ctx, err)
			}
			return "inside of a transaction", "inside of a transaction"
		}
		results, err := s.store.Append(ctx, c.appends...)
		return s.results(ctx, c.appends, results, err)
	})
}
