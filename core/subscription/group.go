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

	// PageEvents is how many events are read at once, and at most given to a sink. Defaults to 200.
	PageEvents int

	// SinkTimeout bounds one call of a sink, which may take as long again to save what it did. A
	// sink that it is too short for is given half as many events, down to one, and more again
	// when that took less than half of it. Defaults to 30 s.
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
	cause   error // why it ended, if not because it was told to; readable once ended is closed
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
		m := &member{Subscription: sub, group: g, types: make(map[string]bool), atOnce: cfg.PageEvents}
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
// returns nil. It returns an error if the feed can't be continued: [eventstore.DivergedError],
// [eventstore.ErrForeignPosition] or [eventstore.ErrStoreClosed]. A group runs once; then the
// error is [ErrEnded].
func (g *Group) Run(parent context.Context) error {
	if !g.started.CompareAndSwap(false, true) {
		return ErrEnded
	}
	defer close(g.ended)
	ctx, cancel := context.WithCancel(parent)
	defer cancel()
	var wg sync.WaitGroup
	var first sync.Once
	until := func(run func(context.Context) error) {
		wg.Go(func() {
			if err := run(ctx); err != nil && parent.Err() == nil {
				first.Do(func() { g.cause = err })
				cancel()
			}
		})
	}
	until(g.watch)
	for _, m := range g.members {
		until(m.run)
	}
	wg.Wait()
	return g.cause
}

// watch wakes the members that are at the head when something was appended, or the head has moved
// for another reason, until ctx is done. It returns an error if there is no head any more.
func (g *Group) watch(ctx context.Context) error {
	notifier, _ := eventstore.As[eventstore.Notifier](g.store)
	failures, told := 0, false
	for last := (event.Position{}); ; {
		var appended <-chan struct{}
		if notifier != nil {
			appended = notifier.Appended() // before looking, so that nothing is missed
		}
		var err error
		head := last
		if !told || isClosed(appended) { // as it is for ever once the store is closed
			head, err = g.store.Head(ctx)
		}
		switch {
		case errors.Is(err, eventstore.ErrStoreClosed):
			return fmt.Errorf("head of feed: %w", err)
		case err != nil && ctx.Err() == nil:
			appended = nil // may go on telling of what can't be seen
			if failures++; failures&(failures-1) == 0 {
				g.cfg.Log.Log(ctx, severity(failures), "head of feed will be tried again", "try", failures, "error", err)
			}
		case err == nil:
			failures = 0
			if head != last && !g.allAt(head) {
				g.head.raise()
			}
			last = head
		}
		poll := time.NewTimer(g.cfg.PollInterval)
		select {
		case <-ctx.Done():
			poll.Stop()
			return nil
		case <-appended:
			told = true
			g.head.raise() // who looks at once need not wait for the head
		case <-poll.C:
			told = false
		}
		poll.Stop()
	}
}

// allAt reports whether nobody has to be told that the head is at pos.
func (g *Group) allAt(pos event.Position) bool {
	for _, m := range g.members {
		if now, _ := m.status(); !now.AtHead || now.Position != pos {
			return false
		}
	}
	return true
}

func isClosed(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return true
	default:
		return false
	}
}

// WaitFor returns nil once the subscription has taken everything up to pos, wanted or not. If
// ctx is done first, the error says what the subscription last failed with, if it did.
//
// Errors: [ErrUnknown]; [ErrEnded], with what Run returned; [eventstore.ErrForeignPosition]; and
// the context's.
func (g *Group) WaitFor(ctx context.Context, name string, pos event.Position) error {
	m, ok := g.members[name]
	if !ok {
		return fmt.Errorf("%w: %s", ErrUnknown, name)
	}
	for {
		now, moved := m.status()
		if order, err := now.Position.Compare(pos); err != nil || order >= 0 {
			return err
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return fmt.Errorf("subscription %s is not at %s: %w", name, pos, errors.Join(context.Cause(ctx), now.Failure))
		case <-g.ended:
			return fmt.Errorf("subscription %s is not at %s: %w", name, pos, errors.Join(ErrEnded, g.cause))
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
		now, _ := g.members[name].status()
		all = append(all, now)
	}
	return all
}
