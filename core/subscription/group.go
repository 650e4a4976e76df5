// Package subscription delivers events to sinks, from where they left off: what is stored
// already, then what is appended, without gap or duplicate between the two.
//
// A [Group] runs the subscriptions of a process. [New] makes one of a projection; package
// bunstore makes those whose read model and checkpoint commit together.
package subscription

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// Config holds what a [Group] may be told. The zero value is ready to use.
type Config struct {
	// PollInterval is how often the head is looked at when the store tells nothing. Defaults to 200 ms.
	PollInterval time.Duration

	// PageEvents is how many events are read, and given to a sink, at once. Defaults to 200.
	PageEvents int

	// SinkTimeout bounds one call of a sink. Defaults to 30 s.
	SinkTimeout time.Duration

	// SkipInterval is how long a sink may not be told that there was nothing for it, so that
	// the events of others cost it no writes. After a crash that much is looked at again, not
	// handled again. Defaults to 1 s.
	SkipInterval time.Duration

	// Log is told about what is tried again. Defaults to slog.DiscardHandler.
	Log *slog.Logger
}

func (cfg Config) withDefaults() (Config, error) {
	if cfg.PollInterval < 0 || cfg.PageEvents < 0 || cfg.SinkTimeout < 0 || cfg.SkipInterval < 0 {
		return cfg, fmt.Errorf("%w: negative value in Config", ErrInvalid)
	}
	if cfg.PollInterval == 0 {
		cfg.PollInterval = 200 * time.Millisecond
	}
	if cfg.PageEvents == 0 {
		cfg.PageEvents = 200
	}
	if cfg.SinkTimeout == 0 {
		cfg.SinkTimeout = 30 * time.Second
	}
	if cfg.SkipInterval == 0 {
		cfg.SkipInterval = time.Second
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return cfg, nil
}

// Group runs the subscriptions of a process over one reader of the feed. A subscription whose
// sink fails tries again, slower each time, for ever, and does not hold up the others.
// It is safe for concurrent use.
type Group struct {
	store   eventstore.Store
	cfg     Config
	reader  reader
	members map[string]*member
	head    signal
	ended   chan struct{}
	started atomic.Bool
}

var (
	// ErrInvalid reports a group that can't be made.
	ErrInvalid = errors.New("invalid subscription")
	// ErrUnknown reports a name that no subscription of the group has.
	ErrUnknown = errors.New("unknown subscription")
	// ErrEnded reports a group that has run and does not run any more.
	ErrEnded = errors.New("subscriptions have ended")
)

// NewGroup returns a group of subscriptions to store. Their names are unique, 1 to 255 bytes
// without control characters, and each wants at least one type. The error matches [ErrInvalid].
func NewGroup(store eventstore.Store, cfg Config, subs ...Subscription) (*Group, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	g := &Group{store: store, cfg: cfg, members: make(map[string]*member), ended: make(chan struct{})}
	wanted := make(map[string]bool)
	for _, sub := range subs {
		if err := event.ValidateName(sub.Name); err != nil {
			return nil, fmt.Errorf("%w: name: %w", ErrInvalid, err)
		}
		if sub.Sink == nil {
			return nil, fmt.Errorf("%w: %s has no sink", ErrInvalid, sub.Name)
		}
		m := &member{Subscription: sub, group: g, types: make(map[string]bool)}
		for _, name := range sub.Sink.Types() {
			m.types[name], wanted[name] = true, true
		}
		if g.members[sub.Name] != nil || len(m.types) == 0 {
			return nil, fmt.Errorf("%w: %s is named twice, or wants no types", ErrInvalid, sub.Name)
		}
		g.members[sub.Name] = m
	}
	g.reader = reader{feed: store, query: eventstore.FeedQuery{Types: slices.Sorted(maps.Keys(wanted)), Limit: cfg.PageEvents}}
	return g, nil
}

// Run delivers events until parent is done and the sinks have finished what they were given, then
// returns nil. It returns an error if the feed can't be continued: [eventstore.DivergedError] or
// [eventstore.ErrForeignPosition]. A group runs once; then the error is [ErrEnded].
func (g *Group) Run(parent context.Context) error {
	if !g.started.CompareAndSwap(false, true) {
		return ErrEnded
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
		poll := time.NewTimer(g.cfg.PollInterval)
		select {
		case <-ctx.Done():
			poll.Stop()
			return
		case <-appended:
		case <-poll.C:
		}
		poll.Stop()
	}
}

// WaitFor returns nil once the subscription has taken everything up to pos, wanted or not. If
// ctx is done first, the error says what the subscription last failed with, if it did.
//
// Errors: [ErrUnknown], [ErrEnded], [eventstore.ErrForeignPosition], and the context's.
func (g *Group) WaitFor(ctx context.Context, name string, pos event.Position) error {
	m, ok := g.members[name]
	if !ok {
		return fmt.Errorf("%w: %s", ErrUnknown, name)
	}
	for {
		moved := m.moved.wait()
		now := m.status()
		if order, err := now.Position.Compare(pos); err != nil || order >= 0 {
			return err
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return fmt.Errorf("subscription %s is not at %s: %w", name, pos, errors.Join(context.Cause(ctx), now.Failure))
		case <-g.ended:
			return fmt.Errorf("subscription %s is not at %s: %w", name, pos, ErrEnded)
		}
	}
}

// Status says how a subscription is doing.
type Status struct {
	Name     string
	Position event.Position    // everything up to here was taken, or was not wanted
	AtHead   bool              // there was nothing more when it last looked
	Stall    *eventstore.Stall // what the feed waits for; nil if it does not
	Failure  error             // of the last try; nil if it worked
}

// Status returns how each subscription is doing, by name.
func (g *Group) Status() []Status {
	var all []Status
	for _, name := range slices.Sorted(maps.Keys(g.members)) {
		all = append(all, g.members[name].status())
	}
	return all
}
