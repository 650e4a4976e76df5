package subscription

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/internal/backoff"
)

// member is one subscription at work.
type member struct {
	Subscription
	group  *Group
	types  map[string]bool
	atOnce int       // how many events the sink is given in one call
	saved  time.Time // when the sink last advanced

	mu       sync.Mutex
	moved    signal       // raised whenever what follows changes
	cursor   event.Cursor // how far the sink got, or how far there was nothing for it
	advanced event.Cursor // how far the sink was told
	resumed  bool
	atHead   bool
	stall    *eventstore.Stall
	failure  error
}

// run delivers until ctx is done. What it then was about to skip it still lets the sink know.
// It returns an error if the feed can't be continued.
func (m *member) run(ctx context.Context) error {
	for try := 0; ctx.Err() == nil; try++ {
		final, err := m.step(ctx)
		switch {
		case final != nil:
			return fmt.Errorf("subscription %s: %w", m.Name, final)
		case err == nil:
			try = -1
		case ctx.Err() == nil:
			m.warn(ctx, try+1, err)
			m.fail(err)
			_ = backoff.Wait(ctx, try, 50*time.Millisecond, 30*time.Second)
		}
	}
	if err := m.catchUp(ctx); err != nil {
		m.group.cfg.Log.Error("checkpoint at the end", "subscription", m.Name, "error", err)
	}
	return nil
}

// step gives one page to the sink, or waits at the head. Only what the feed says is final: the
// sink may have errors like it from a store of its own.
func (m *member) step(ctx context.Context) (final, err error) {
	if !m.resumed {
		var cur event.Cursor
		err := Protect(m.Name, func() (err error) {
			cur, err = m.Sink.Resume(ctx)
			return err
		})
		if err != nil {
			return nil, err
		}
		if m.saved.IsZero() { // else what was not saved is due, or that it fails would be forgotten
			m.saved = time.Now()
		}
		m.set(func() { m.cursor, m.advanced, m.resumed = cur, cur, true })
	}
	moved := m.group.head.wait() // before reading, so that no move is missed
	page, err := m.group.reader.page(ctx, m.cursor, moved)
	switch {
	case errors.Is(err, eventstore.ErrDiverged), errors.Is(err, eventstore.ErrForeignPosition), errors.Is(err, eventstore.ErrStoreClosed):
		return err, nil
	case err != nil:
		return nil, err
	}
	if page.Next != m.cursor {
		if err := m.deliver(ctx, page); err != nil {
			return nil, err
		}
	}
	m.set(func() { m.atHead, m.stall, m.failure = page.AtHead, page.Stall, nil })
	if !page.AtHead && page.Stall == nil {
		return nil, nil
	}
	return nil, m.wait(ctx, moved)
}

// wait waits for the head to move, and lets the sink know meanwhile what it was not told yet.
func (m *member) wait(ctx context.Context, moved <-chan struct{}) error {
	var overdue <-chan time.Time
	if m.lags() {
		overdue = time.After(m.group.cfg.SkipInterval)
	}
	for {
		select {
		case <-moved:
			return nil
		case <-ctx.Done():
			return nil
		case <-overdue: // which it is once; there is nothing to read yet
			if err := m.catchUp(ctx); err != nil {
				return err
			}
		}
	}
}

// warn tells the log that what failed so many times in a row is tried again.
func (m *member) warn(ctx context.Context, failures int, err error) {
	args := []any{"subscription", m.Name, "try", failures, "error", err}
	if p, ok := errors.AsType[*PanicError](err); ok {
		args = append(args, "stack", string(p.Stack))
	}
	m.group.cfg.Log.Log(ctx, severity(failures), "subscription will try again", args...)
}

// severity is that of the nth failure in a row: what soon passes is no error.
func severity(failures int) slog.Level {
	if failures < 5 {
		return slog.LevelWarn
	}
	return slog.LevelError
}

// fail makes the member resume from what the sink remembers.
func (m *member) fail(err error) {
	m.set(func() { m.resumed, m.atHead, m.failure = false, false, err })
}

func (m *member) set(change func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change()
	m.moved.raise()
}

// status returns how the member is doing, and what is closed when it no longer is so.
func (m *member) status() (Status, <-chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return Status{Name: m.Name, Position: m.cursor.Position, AtHead: m.atHead, Stall: m.stall, Failure: m.failure}, m.moved.wait()
}
