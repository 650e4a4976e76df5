package subscription

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/internal/backoff"
)

// member is one subscription at work.
type member struct {
	Subscription
	group *Group
	types map[string]bool
	moved signal
	saved time.Time // when the sink last advanced

	mu       sync.Mutex
	cursor   event.Cursor // how far the sink got, or how far there was nothing for it
	advanced event.Cursor // how far the sink was told
	resumed  bool
	atHead   bool
	stall    *eventstore.Stall
	failure  error
}

// run delivers until ctx is done. What it then was about to skip it still lets the sink know.
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
			m.fail(err)
			_ = backoff.Wait(ctx, try, 50*time.Millisecond, 30*time.Second)
		}
	}
	if m.lags() {
		if err := m.take(ctx, eventstore.Page{Next: m.cursor}); err != nil {
			m.group.cfg.Log.Error("checkpoint at the end", "subscription", m.Name, "error", err)
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
		m.saved = time.Now()
		m.set(func() { m.cursor, m.advanced, m.resumed = cur, cur, true })
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
	}
	m.set(func() { m.atHead, m.stall, m.failure = page.AtHead, page.Stall, nil })
	if !page.AtHead && page.Stall == nil {
		return nil
	}
	return m.wait(ctx, moved)
}

// wait waits for the head to move, and lets the sink know meanwhile what it was not told yet.
func (m *member) wait(ctx context.Context, moved <-chan struct{}) error {
	var overdue <-chan time.Time
	if m.lags() {
		overdue = time.After(m.group.cfg.SkipInterval)
	}
	select {
	case <-moved:
	case <-ctx.Done():
	case <-overdue:
		if err := m.take(ctx, eventstore.Page{Next: m.cursor}); err != nil {
			return err
		}
		return m.wait(ctx, moved)
	}
	return nil
}

// lags reports whether the sink has not been told how far there was nothing for it.
func (m *member) lags() bool { return m.resumed && m.advanced != m.cursor }

// take gives the sink what it wants of a page. If there is nothing it tells the sink only from
// time to time, because a durable checkpoint for every event of others would cost a write each.
// The sink finishes also while the group ends.
func (m *member) take(ctx context.Context, page eventstore.Page) (err error) {
	var wanted []event.Record
	for _, rec := range page.Records {
		if m.types[rec.Type] {
			wanted = append(wanted, rec)
		}
	}
	if len(wanted) == 0 && page.Next != m.cursor && time.Since(m.saved) < m.group.cfg.SkipInterval {
		m.set(func() { m.cursor = page.Next })
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), m.group.cfg.SinkTimeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			m.group.cfg.Log.Error("sink panicked", "subscription", m.Name, "stack", string(debug.Stack()))
			err = &PanicError{Subscription: m.Name, Value: p}
		}
	}()
	if err := m.Sink.Take(ctx, wanted, page.Next); err != nil {
		return err
	}
	m.saved = time.Now()
	m.set(func() { m.cursor, m.advanced = page.Next, page.Next })
	return nil
}

// fail makes the member resume from what the sink remembers.
func (m *member) fail(err error) {
	m.set(func() { m.resumed, m.atHead, m.failure = false, false, err })
}

func (m *member) set(change func()) {
	m.mu.Lock()
	change()
	m.mu.Unlock()
	m.moved.raise()
}

func (m *member) status() Status {
	m.mu.Lock()
	defer m.mu.Unlock()
	return Status{Name: m.Name, Position: m.cursor.Position, AtHead: m.atHead, Stall: m.stall, Failure: m.failure}
}

// PanicError reports that a sink, or a handler in it, panicked. Its text leaves the value out.
type PanicError struct {
	Subscription string
	Value        any
}

func (e *PanicError) Error() string { return "subscription " + e.Subscription + ": sink panicked" }
