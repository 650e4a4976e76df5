package sqlite

import (
	"context"
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
	if err := s.life.enter(ctx); err != nil {
		return err
	}
	defer s.life.leave()
	if _, err := s.identity(ctx); err != nil {
		return err
	}
	var bound *boundStreams
	err := s.writeTx(ctx, func(ctx context.Context, tx bun.Tx) error {
		bound = &boundStreams{store: s, run: inTx{tx.Tx}}
		return fn(ctx, tx, bound)
	})
	if err == nil && bound.last > 0 {
		s.wake.raise(bound.last)
	}
	return err
}

type insideKey struct{}

// insideTx returns the store in whose write transaction ctx is, if it is in one.
func insideTx(ctx context.Context) *Store {
	s, _ := ctx.Value(insideKey{}).(*Store)
	return s
}

// writeTx runs fn in a transaction on the writer's connection.
func (s *Store) writeTx(ctx context.Context, fn func(ctx context.Context, tx bun.Tx) error) error {
	if insideTx(ctx) == s {
		return fmt.Errorf("transaction: %w", ErrInsideTx)
	}
	if err := s.writer.take(ctx); err != nil {
		return s.failed("begin", err)
	}
	defer s.writer.release()
	var tx bun.Tx
	if err := s.writer.retry(ctx, func() (err error) { tx, err = s.writer.conn.BeginTx(ctx, nil); return err }); err != nil {
		return s.failed("begin", err)
	}
	committed := false
	defer func() {
		if !committed { // also if fn panics
			_ = tx.Rollback()
		}
	}()
	if err := fn(context.WithValue(ctx, insideKey{}, s), tx); err != nil {
		return err
	}
	err := tx.Commit()
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
	foreign bool // a transaction that the store did not begin, of a database not yet known to be the same
	last    int64
}

func (b *boundStreams) Append(ctx context.Context, appends ...eventstore.Append) ([]eventstore.AppendResult, error) {
	s := b.store
	tenant, err := s.cfg.Policy.Check(ctx, appends...)
	if err == nil {
		err = context.Cause(ctx)
	}
	if err == nil {
		err = b.check(ctx)
	}
	if err != nil {
		return nil, err
	}
	w := batch{store: s, run: b.run, tenant: tenant, appends: appends, careful: true}
	ans, err := w.write(ctx)
	if err != nil {
		return nil, s.failed("append", err)
	}
	b.last = max(b.last, w.last)
	return ans.results, ans.err
}

// check sees to it that a transaction of somebody else is on the store's own log.
func (b *boundStreams) check(ctx context.Context) error {
	if !b.foreign {
		return nil
	}
	id, err := b.store.identity(ctx)
	if err != nil {
		return err
	}
	rows, err := b.run.query(ctx, "SELECT id FROM es_store")
	if err != nil {
		return b.store.failed("bind to a transaction", err)
	}
	defer rows.Close()
	var raw []byte
	for rows.Next() {
		if err := rows.Scan(&raw); err != nil {
			return b.store.failed("bind to a transaction", err)
		}
	}
	if err := rows.Err(); err != nil {
		return b.store.failed("bind to a transaction", err)
	}
	if string(raw) != string(id[:]) {
		return fmt.Errorf("%w: the transaction is on another database", ErrInvalidConfig)
	}
	b.foreign = false
	return nil
}

func (b *boundStreams) Read(ctx context.Context, stream event.StreamID, q eventstore.ReadQuery) iter.Seq2[event.Record, error] {
	return b.store.read(ctx, b.run, stream, q)
}

func (b *boundStreams) Lookup(ctx context.Context, ids ...event.ID) ([]event.Record, error) {
	return b.store.lookup(ctx, b.run, ids)
}
