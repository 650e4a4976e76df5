package chaos_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/e2e/chaos/history"
	"github.com/eventsource-go/eventsource/stores/postgres"
)

// database is what the run uses of a store, so that others can pretend to be one.
type database interface {
	eventstore.Store
	eventstore.Notifier
	InTx(ctx context.Context, fn func(ctx context.Context, tx bun.Tx, streams eventstore.Streams) error) error
}

// writer does its script, and writes down what it was told.
type writer struct {
	number int
	line   int
	db     database
	clock  func() time.Duration
	acks   *atomic.Int64 // of all writers

	calls []history.Call
	reads []history.Read
	known map[event.StreamID]event.Version // as far as it saw
}

// write does the script until stop is true.
func (w *writer) write(ctx context.Context, seed uint64, stop func() bool) {
	w.known = make(map[event.StreamID]event.Version)
	for s := range script(seed, w.number) {
		if stop() || !rest(ctx, s.pause) {
			return
		}
		if len(s.op.Appends) == 0 {
			w.look(ctx, s)
			continue
		}
		if s.exact >= 0 {
			a := &s.op.Appends[s.exact]
			a.Expect = eventstore.Exactly(w.known[a.Stream])
		}
		c := w.send(ctx, s)
		if s.again {
			w.send(ctx, s)
		}
		if c.Outcome == history.Refused && c.Conflict == nil && !c.RolledBack {
			rest(ctx, 30*time.Millisecond) // others are refused as well
		}
	}
}

func rest(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// send makes one call, and records it.
func (w *writer) send(ctx context.Context, s step) history.Call {
	c := history.Call{Op: s.op, Line: w.line, InTx: s.inTx, RolledBack: s.rollBack, Began: w.clock()}
	ctx = event.WithTenant(ctx, s.op.Tenant)
	if s.leave > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, s.leave)
		defer cancel()
	}
	var err error
	if s.inTx {
		c.Results, err = w.inTx(ctx, s)
	} else {
		c.Results, err = w.db.Append(ctx, s.op.Appends...)
	}
	c.Ended, c.Left = w.clock(), ctx.Err() != nil
	switch {
	case err == nil:
		w.acks.Add(1)
		for i, a := range s.op.Appends {
			w.saw(a.Stream, c.Results[i].Version)
		}
	case errors.Is(err, postgres.ErrOutcomeUnknown):
		c.Outcome, c.Results = history.Unknown, nil
	default:
		c.Outcome, c.Results, c.Refusal = history.Refused, nil, refusal(err)
		if conflict, ok := errors.AsType[*eventstore.ConflictError](err); ok {
			c.Conflict = conflict
			w.saw(conflict.Stream, conflict.Actual)
		}
	}
	w.calls = append(w.calls, c)
	return c
}

func (w *writer) saw(stream event.StreamID, v event.Version) {
	w.known[stream] = max(w.known[stream], v)
}

var errRolledBack = errors.New("the caller rolls back")

// noteError is what a statement of the caller's own came to.
type noteError struct{ error }

func (e *noteError) Unwrap() error { return e.error }

// inTx leaves a note about the first event, and appends.
func (w *writer) inTx(ctx context.Context, s step) (results []eventstore.AppendResult, err error) {
	err = w.db.InTx(ctx, func(ctx context.Context, tx bun.Tx, streams eventstore.Streams) error {
		if _, err := tx.ExecContext(ctx, "INSERT INTO chaos_notes VALUES (?) ON CONFLICT DO NOTHING", s.op.Appends[0].Events[0].ID); err != nil {
			return &noteError{err}
		}
		if results, err = streams.Append(ctx, s.op.Appends...); err != nil {
			return err
		}
		rest(ctx, s.hold)
		if s.rollBack {
			return errRolledBack
		}
		return nil
	})
	return results, err
}

// The kinds of refusals that a run may meet.
var refusals = []string{"conflict", "rolled back", "unreachable", "busy", "timeout", "serialization", "note", "left"}

// refusal names the kind of an error after which nothing is stored. It is about a bad server if it
// is any of refusals.
func refusal(err error) string {
	if _, ok := errors.AsType[*noteError](err); ok {
		return "note"
	}
	for _, known := range []struct {
		kind   string
		target error
	}{
		{"conflict", eventstore.ErrConflict},
		{"rolled back", errRolledBack},
		{"unreachable", postgres.ErrUnreachable},
		{"busy", eventstore.ErrBusy},
		{"timeout", postgres.ErrTimeout},
		{"serialization", postgres.ErrSerialization},
		{"left", context.DeadlineExceeded},
	} {
		if errors.Is(err, known.target) {
			return known.kind
		}
	}
	if e, ok := errors.AsType[*postgres.Error](err); ok {
		return fmt.Sprintf("%v, constraint %q", err, e.Constraint)
	}
	return fmt.Sprintf("%T %v", err, err)
}

// look reads the end of a stream.
func (w *writer) look(ctx context.Context, s step) {
	const most = 5
	r := history.Read{Client: w.number, Tenant: s.op.Tenant, Stream: s.looks, Began: w.clock()}
	records, err := eventstore.Collect(w.db.Read(event.WithTenant(ctx, s.op.Tenant), s.looks, eventstore.ReadQuery{Backward: true, Limit: most}))
	if err != nil {
		return // it saw nothing
	}
	r.Ended = w.clock()
	for i, rec := range records {
		if i == 0 {
			r.Version, r.Last = rec.Version, rec.ID
			w.saw(s.looks, rec.Version)
		} else if rec.Version != records[i-1].Version-1 {
			r.Torn = fmt.Sprintf("version %d comes before %d", rec.Version, records[i-1].Version)
		}
	}
	if len(records) > 0 && len(records) < most && records[len(records)-1].Version != 1 {
		r.Torn = fmt.Sprintf("it begins at version %d", records[len(records)-1].Version)
	}
	w.reads = append(w.reads, r)
}
