package subscription

import (
	"context"
	"fmt"
	"time"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// deliver gives the sink what it wants of a page. If there is nothing it tells the sink only
// from time to time, because a durable checkpoint for every event of others would cost a write
// each. If ctx is done between two calls of the sink, the rest is left.
func (m *member) deliver(ctx context.Context, page eventstore.Page) error {
	var wanted []event.Record
	for _, rec := range page.Records {
		if m.types[rec.Type] {
			wanted = append(wanted, rec)
		}
	}
	if len(wanted) == 0 && time.Since(m.saved) < m.group.cfg.SkipInterval {
		m.set(func() { m.cursor = page.Next })
		return nil
	}
	for len(wanted) > m.atOnce {
		now, later := wanted[:m.atOnce:m.atOnce], wanted[m.atOnce:]
		if err := m.take(ctx, now, cursorAt(now[len(now)-1])); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		wanted = later
	}
	return m.take(ctx, wanted, page.Next)
}

// catchUp lets the sink know how far there was nothing for it, if it was not told yet.
func (m *member) catchUp(ctx context.Context) error {
	if !m.lags() {
		return nil
	}
	return m.take(ctx, nil, m.cursor)
}

// lags reports whether the sink has not been told how far there was nothing for it.
func (m *member) lags() bool { return m.resumed && m.advanced != m.cursor }

// take calls the sink, which finishes also while the group ends.
//
// All events of a call share one deadline, and a sink that applies them together has nothing
// to show for those it got through: given the same again it would never get on. So it is given
// half as many after each deadline missed, and twice as many once these would fit. More than a
// page has it never is.
func (m *member) take(ctx context.Context, recs []event.Record, next event.Cursor) error {
	timeout := m.group.cfg.SinkTimeout
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeout)
	defer cancel()
	started := time.Now()
	err := Protect(m.Name, func() error { return m.Sink.Take(ctx, recs, next) })
	late := ctx.Err() != nil
	switch {
	case late && len(recs) > 0:
		m.atOnce = max(len(recs)/2, 1)
	case err == nil && len(recs) >= m.atOnce && time.Since(started) < timeout/2:
		m.atOnce *= 2
	}
	switch {
	case err != nil && late:
		return fmt.Errorf("%d events in more than %v: %w", len(recs), timeout, err)
	case err != nil:
		return err
	}
	m.saved = time.Now()
	m.set(func() { m.cursor, m.advanced = next, next })
	return nil
}
