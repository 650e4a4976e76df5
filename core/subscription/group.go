// Package subscription delivers events to sinks, from where they left off.
package subscription

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/internal/backoff"
)

// Config holds what a [Group] may be told. The zero value is ready to use.
type Config struct {
	// PollInterval is how often the head is looked at when the store tells nothing. Defaults to 200 ms.
	PollInterval time.Duration

	// PageEvents is how many events are read, and given to a sink, at once. Defaults to 200.
	PageEvents int

	// SinkTimeout bounds one call of a sink. Defaults to 30 s.
	SinkTimeout time.Duration

	// Log is told about what is tried again. Defaults to slog.DiscardHandler.
	Log *slog.Logger
}

// Group runs the subscriptions of a process over one reader of the feed. A subscription whose
// sink fails tries again, slower each time, for ever, and does not hold up the others.
type Group struct {
	store   eventstore.Store
	cfg     Config
	reader  reader
	members map[string]*member
	head    signal
	ended   chan struct{}
	started atomic.Bool
}

// NewGroup returns a group of subscriptions to store. Their names are unique and not empty.
func NewGroup(store eventstore.Store, cfg Config, subs ...Subscription) (*Group, error) {
	if cfg.PollInterval == 0 {
		cfg.PollInterval = 200 * time.Millisecond
	}
	if cfg.PageEvents == 0 {
		cfg.PageEvents = 200
	}
	if cfg.SinkTimeout == 0 {
		cfg.SinkTimeout = 30 * time.Second
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	g := &Group{store: store, cfg: cfg, members: make(map[string]*member), ended: make(chan struct{})}
	g.reader = reader{feed: store, query: eventstore.FeedQuery{Limit: cfg.PageEvents}}
	for _, sub := range subs {
		types := sub.Sink.Types()
		if sub.Name == "" || g.members[sub.Name] != nil || len(types) == 0 {
			return nil, fmt.Errorf("subscription %q: no name, a name twice, or no types", sub.Name)
		}
		m := &member{Subscription: sub, group: g, types: make(map[string]bool)}
		for _, name := range types {
			m.types[name] = true
		}
		g.members[sub.Name] = m
		g.reader.query.Types = append(g.reader.query.Types, types...)
	}
	return g, nil
}

// Run delivers events until parent is done and the sinks have finished what they were given, then
// returns nil. It returns an error if the feed can't be continued. A group runs once.
func (g *Group) Run(parent context.Context) error {
	if !g.started.CompareAndSwap(false, true) {
		return errors.New("subscription: group has run before")
	}
	defer close(g.ended)
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)
	var wg sync.WaitGroup
	wg.Go(func() { g.watch(ctx) })
	for _, m := range g.members {
		wg.Go(func() {
			if err := m.run(ctx); err != nil {
				cancel(err)
			}
		})
	}
	wg.Wait()
	if cause := context.Cause(ctx); cause != context.Cause(parent) {
		return cause
	}
	return nil
}

// watch wakes the members that are at the head when it has moved.
func (g *Group) watch(ctx context.Context) {
	notifier, _ := eventstore.As[eventstore.Notifier](g.store)
	for last := (event.Position{}); ; {
		var appended <-chan struct{}
		if notifier != nil {
			appended = notifier.Appended()
		}
		head, err := g.store.Head(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			g.cfg.Log.Error("head of feed", "error", err)
		case err == nil && head != last:
			last = head
			g.head.raise()
		}
		select {
		case <-ctx.Done():
			return
		case <-appended:
		case <-time.After(g.cfg.PollInterval):
		}
	}
}

// WaitFor returns nil once the subscription has taken everything up to pos. If ctx is done
// first, the error says what the subscription last failed with, if it did.
func (g *Group) WaitFor(ctx context.Context, name string, pos event.Position) error {
	m, ok := g.members[name]
	if !ok {
		return fmt.Errorf("no subscription %q", name)
	}
	for {
		moved := m.moved.wait()
		reached, failure := m.progress()
		if order, err := reached.Compare(pos); err != nil || order >= 0 {
			return err
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return fmt.Errorf("subscription %s is not at %s: %w", name, pos, errors.Join(context.Cause(ctx), failure))
		case <-g.ended:
			return fmt.Errorf("subscription %s is not at %s, and has ended", name, pos)
		}
	}
}

// member is one subscription at work.
type member struct {
	Subscription
	group *Group
	types map[string]bool
	moved signal

	mu      sync.Mutex
	cursor  event.Cursor
	resumed bool
	failure error
}

func (m *member) run(ctx context.Context) error {
	for try := 0; ctx.Err() == nil; try++ {
		err := m.step(ctx)
		switch {
		case err == nil:
			try = -1
		case errors.Is(err, eventstore.ErrDiverged) || errors.Is(err, eventstore.ErrForeignPosition):
			return fmt.Errorf("subscription %s: %w", m.Name, err)
		case ctx.Err() == nil:
			m.group.cfg.Log.Error("subscription will try again", "subscription", m.Name, "try", try, "error", err)
			m.set(m.cursor, false, err)
			_ = backoff.Wait(ctx, try, 50*time.Millisecond, 30*time.Second)
		}
	}
	return nil
}

// step gives one page to the sink, or waits at the head.
func (m *member) step(ctx context.Context) error {
	if !m.resumed {
		cur, err := m.Sink.Resume(ctx)
		if err != nil {
			return err
		}
		m.set(cur, true, m.failure)
	}
	moved := m.group.head.wait() // before reading, so that no move is missed
	page, err := m.group.reader.page(ctx, m.cursor, moved)
	if err != nil {
		return err
	}
	if page.Next != m.cursor {
		if err := m.take(ctx, page); err != nil {
			return err
		}
		m.set(page.Next, true, nil)
	}
	if page.AtHead || page.Stall != nil {
		select {
		case <-moved:
		case <-ctx.Done():
		}
	}
	return nil
}

// take lets the sink finish what it is given also while the group ends.
func (m *member) take(ctx context.Context, page eventstore.Page) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), m.group.cfg.SinkTimeout)
	defer cancel()
	var wanted []event.Record
	for _, rec := range page.Records {
		if m.types[rec.Type] {
			wanted = append(wanted, rec)
		}
	}
	return m.Sink.Take(ctx, wanted, page.Next)
}

func (m *member) set(cur event.Cursor, resumed bool, failure error) {
	m.mu.Lock()
	m.cursor, m.resumed, m.failure = cur, resumed, failure
	m.mu.Unlock()
	m.moved.raise()
}

func (m *member) progress() (event.Position, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.cursor.Position, m.failure
}

// reader reads one page at a time, and once for all members that stand at the same place.
// The query asks for the types of all of them.
type reader struct {
	feed   eventstore.Feed
	query  eventstore.FeedQuery
	mu     sync.Mutex
	recent [8]recentPage // a ring
	n      int
}

type recentPage struct {
	after event.Cursor
	moved <-chan struct{} // the reader was at the head as long as nobody closed this
	page  eventstore.Page
}

func (r *reader) page(ctx context.Context, after event.Cursor, moved <-chan struct{}) (eventstore.Page, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, kept := range r.recent {
		if kept.after == after && (kept.moved == moved || kept.page.Next != after) {
			kept.page.AtHead = kept.page.AtHead && kept.moved == moved
			return kept.page, nil
		}
	}
	q := r.query
	q.After = after
	page, err := r.feed.Page(ctx, q)
	if err == nil {
		r.recent[r.n%len(r.recent)] = recentPage{after, moved, page}
		r.n++
	}
	return page, err
}

// signal wakes all who wait. The zero value is ready to use.
type signal struct {
	mu sync.Mutex
	ch chan struct{}
}

// wait returns a channel that is closed by the next raise.
func (s *signal) wait() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ch == nil {
		s.ch = make(chan struct{})
	}
	return s.ch
}

func (s *signal) raise() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ch != nil {
		close(s.ch)
		s.ch = nil
	}
}
