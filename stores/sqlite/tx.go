package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"

	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// InTx runs fn in a transaction that writes, and commits it if fn returns nil: what fn writes
// through tx and what it appends through streams is stored together, or not at all. Nobody else
// writes to the database meanwhile, so fn should be quick. It must not end tx.
//
// Inside, with fn's context, the store's own Append and InTx are [ErrInsideTx]; with another
// context they wait for the writer until BusyTimeout. Reads through the store see what was
// committed before; reads through streams and tx see what fn wrote.
//
// Errors: what fn returns, as it is; [eventstore.ErrBusy], [ErrInsideTx],
// [eventstore.ErrStoreClosed], [SchemaError], [Error], and the context's.
func (s *Store) InTx(ctx context.Context, fn func(ctx context.Context, tx bun.Tx, streams eventstore.Streams) error) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.life.Leave()
	if _, err := s.identity(ctx); err != nil {
		return err
	}
	bound := &boundStreams{store: s}
	err := s.writeTx(ctx, func(ctx context.Context, tx bun.Tx) error {
		bound.run = inTx{tx.Tx}
		return fn(ctx, tx, bound)
	})
	if err == nil {
		s.wake.raise(bound.last)
	}
	return err
}

// insideKey is the key of contexts in whose write transaction a store is.
type insideKey struct{ *Store }

func (s *Store) isInside(ctx context.Context) bool { return ctx.Value(insideKey{s}) != nil }

func (s *Store) enter(ctx context.Context) error { return s.life.Enter(s.isInside(ctx)) }

// writeTx runs fn in a transaction on the writer's connection. The transaction is not ctx's, or
// database/sql would roll it back when ctx ends, at a moment of its own choosing: perhaps when
// somebody else has the connection.
func (s *Store) writeTx(ctx context.Context, fn func(ctx context.Context, tx bun.Tx) error) error {
	if s.isInside(ctx) {
		return fmt.Errorf("transaction: %w", ErrInsideTx)
	}
	w := s.writer
	if err := w.take(ctx); err != nil {
		return s.failed("begin", err)
	}
	defer w.release()
	var tx bun.Tx
	err := w.retry(ctx, w.deadline(), func() (err error) {
		tx, err = w.conn.BeginTx(context.WithoutCancel(ctx), nil)
		return err
	})
	if err != nil {
		return s.failed("begin", err)
	}
	w.lost.Store(false)
	w.held.Store(true)
	defer w.held.Store(false)
	committed := false
	defer func() {
		if !committed { // also if fn panics
			_ = tx.Rollback()
		}
	}()
	if err := fn(context.WithValue(ctx, insideKey{s}, true), tx); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if w.lost.Load() {
		return s.failed("commit", sql.ErrTxDone)
	}
	w.held.Store(false)
	err = tx.Commit()
	committed = err == nil
	return s.failed("commit", err)
}

// WithTx returns the streams as tx sees them: what is appended through it is stored if tx
// commits. tx is a transaction on this store's database that the caller began, on a connection
// of its own, and ends; one that began IMMEDIATE does not lose its appends to
// [eventstore.ErrBusy] half way. It is for one goroutine. There is no feed. Subscriptions learn
// of what is committed as they learn of other processes' appends.
func (s *Store) WithTx(tx bun.Tx) eventstore.Streams {
	return &boundStreams{store: s, run: inTx{tx.Tx}, foreign: true}
}

// boundStreams is the streams as one transaction sees them.
type boundStreams struct {
	store   *Store
	run     runner
	foreign bool  // the store did not begin the transaction
	known   bool  // a foreign one, and on the store's own log
	last    int64 // position of the last event appended
}

func (b *boundStreams) Append(ctx context.Context, appends ...eventstore.Append) ([]eventstore.AppendResult, error) {
	s := b.store
	tenant, err := s.cfg.Policy.Check(ctx, appends...)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.life.Leave()
	if err := b.check(ctx); err != nil {
		return nil, err
	}
	w := batch{store: s, run: b.run, tenant: tenant, appends: appends, now: s.cfg.Now(), careful: true}
	// To interrupt a write would end the whole transaction, behind the back of who owns it.
	ans, last, err := w.write(context.WithoutCancel(ctx))
	if err != nil {
		return nil, s.failed("append", err)
	}
	b.last = max(b.last, last)
	return ans.results, ans.err
}

// check sees to it that a transaction of somebody else is on the store's own log, and that it
// has not ended: then what is written would be stored at once.
func (b *boundStreams) check(ctx context.Context) error {
	s := b.store
	if !b.foreign {
		if s.writer.lost.Load() {
			return s.failed("use a transaction", sql.ErrTxDone)
		}
		return nil
	}
	if !b.known {
		id, err := s.identity(ctx)
		if err != nil {
			return err
		}
		log, err := identityOf(ctx, b.run)
		if err != nil {
			return s.failed("bind to a transaction", err)
		}
		if log != id {
			return fmt.Errorf("%w: the transaction is on another database", ErrInvalidConfig)
		}
		b.known = true
	}
	// Inside of a transaction there is no beginning of another one.
	if _, err := b.run.exec(context.WithoutCancel(ctx), "BEGIN"); err == nil {
		_, err = b.run.exec(context.WithoutCancel(ctx), "ROLLBACK")
		return errors.Join(s.failed("append", sql.ErrTxDone), err)
	} else if !isRefusal(err) {
		return s.failed("append", err)
	}
	return nil
}

func (b *boundStreams) Read(ctx context.Context, stream event.StreamID, q eventstore.ReadQuery) iter.Seq2[event.Record, error] {
	return func(yield func(event.Record, error) bool) {
		if err := b.check(ctx); err != nil {
			yield(event.Record{}, err)
			return
		}
		b.store.read(ctx, b.run, stream, q)(yield)
	}
}

func (b *boundStreams) Lookup(ctx context.Context, ids ...event.ID) ([]event.Record, error) {
	if err := b.check(ctx); err != nil {
		return nil, err
	}
	return b.store.lookup(ctx, b.run, ids)
}
