package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// InTx runs fn in a transaction, at the database's default isolation level, and commits it if fn
// returns nil: what fn writes through tx and what it appends through streams is stored together,
// or not at all. Until then nobody else can append to the streams that fn appended to, and feeds
// wait at the positions it drew, so fn should be quick. It must not end tx.
//
// If the transaction lost a race (a serialization failure or a deadlock), fn runs again, in a new
// one, a few times.
//
// Inside, with fn's context, the store's own Append and InTx are [ErrInsideTx], because they may
// wait for this transaction. Reads through the store see what was committed before; reads through
// streams and tx see what fn wrote.
//
// Errors: what fn returns, as it is; [OutcomeUnknownError] if the connection was lost during the
// commit; [ErrInsideTx], [eventstore.ErrStoreClosed], [SchemaError], [Error], and the context's.
func (s *Store) InTx(ctx context.Context, fn func(ctx context.Context, tx bun.Tx, streams eventstore.Streams) error) error {
	if s.isInside(ctx) {
		return fmt.Errorf("transaction: %w", ErrInsideTx)
	}
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.life.Leave()
	if _, err := s.identity(ctx); err != nil {
		return err
	}
	const tries = 8
	for try, delay := 1, time.Millisecond; ; try, delay = try+1, 2*delay {
		err := s.tryTx(ctx, fn)
		if code := codeOf(err); code != serializationFailed && code != deadlockDetected && !errors.Is(err, ErrSerialization) || try == tries {
			return err
		}
		select {
		case <-time.After(delay/2 + rand.N(delay)):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// insideKey is the key of contexts in whose transaction a store is.
type insideKey struct{ *Store }

func (s *Store) isInside(ctx context.Context) bool { return ctx.Value(insideKey{s}) != nil }

func (s *Store) enter(ctx context.Context) error { return s.life.Enter(s.isInside(ctx)) }

func (s *Store) tryTx(ctx context.Context, fn func(ctx context.Context, tx bun.Tx, streams eventstore.Streams) error) error {
	conn, err := s.bun.Conn(ctx)
	if err != nil {
		return failed("begin", err)
	}
	defer conn.Close()
	long, end := outlasting(ctx)
	defer end()
	tx, err := conn.BeginTx(long, nil)
	if err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return failed("begin", err)
	}
	ended := false
	defer func() {
		if !ended { // also if fn panics
			_ = tx.Rollback()
		}
	}()
	bound := &boundStreams{store: s, run: inTx{tx.Tx}}
	if err := fn(context.WithValue(ctx, insideKey{s}, true), tx, bound); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil { // the transaction goes with it, and nothing is committed
		return err
	}
	ended = true
	defer context.AfterFunc(ctx, end)() // there is nothing to roll back any more
	err = tx.Commit()
	short := false
	if err == nil {
		err = conn.Raw(func(driver any) error {
			short = isShort(ctx, driver.(*stdlib.Conn).Conn().PgConn())
			return nil
		})
	}
	if err != nil {
		if err = s.committed(ctx, bound.ids, err); err != nil {
			return err
		}
	}
	if len(bound.ids) > 0 || bound.closed {
		s.wake.raise()
	}
	if short {
		return &OutcomeUnknownError{IDs: bound.ids, cause: ctx.Err()}
	}
	return nil
}

// outlasting returns a context that ends a while after ctx does. A transaction of database/sql is
// rolled back behind the back of its user when its context ends, and pgx closes the connection of
// one whose rollback can't be sent any more. So transactions have a context that lasts until they
// are rolled back in order, unless the server does not answer.
func outlasting(ctx context.Context) (context.Context, context.CancelFunc) {
	long, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-time.After(patience):
			cancel()
		case <-long.Done():
		}
	})
	return long, func() {
		stop()
		cancel()
	}
}

// committed returns nil if a transaction that stored events of these ids was committed, though
// all that came of its commit is err. Unless the server itself said no, it may have been.
func (s *Store) committed(ctx context.Context, ids []event.ID, err error) error {
	switch code := codeOf(err); {
	case code == queryCanceled && ctx.Err() != nil:
		return &Error{Op: "commit", cause: ctx.Err()}
	case code != "" && !isShutDown(code), errors.Is(err, sql.ErrTxDone):
		return failed("commit", err)
	}
	unknown := func() error {
		return &OutcomeUnknownError{IDs: ids, cause: errors.Join(ctx.Err(), failed("commit", err))}
	}
	if len(ids) == 0 {
		return unknown()
	}
	for deadline := time.Now().Add(s.cfg.ResolveTimeout); time.Now().Before(deadline); {
		found, err := s.lookupAny(ctx, s.pooled(), ids[:1])
		if err == nil && len(found) > 0 {
			return nil // one is there, so all are
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return unknown()
		}
	}
	return unknown() // what is not there yet may still be on its way
}

// WithTx returns the streams as tx sees them: what is appended through it is stored if tx
// commits. tx is a transaction on this store's database that the caller began, and ends. It is
// for one goroutine. There is no feed. Other processes learn of what is committed by their
// polling, and so does this one.
//
// An append that is refused leaves tx alive. In a transaction that is REPEATABLE READ or
// SERIALIZABLE, one that lost a race is an [Error] that matches [ErrSerialization].
func (s *Store) WithTx(tx bun.Tx) eventstore.Streams {
	return &boundStreams{store: s, run: inTx{tx.Tx}, foreign: true}
}

// boundStreams is the streams as one transaction sees them.
type boundStreams struct {
	store   *Store
	run     inTx
	foreign bool       // a transaction that the store did not begin, of a database not yet known to be the same
	ids     []event.ID // that were appended
	closed  bool       // something was
}

func (b *boundStreams) Append(ctx context.Context, appends ...eventstore.Append) ([]eventstore.AppendResult, error) {
	s := b.store
	tenant, err := s.cfg.Policy.Check(ctx, appends...)
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		_, err = s.identity(ctx)
	}
	if err != nil {
		return nil, err
	}
	c := &call{store: s, tenant: tenant, appends: appends, now: event.Instant(s.cfg.Now())}
	const tries = 8
	for try := 1; ; try++ {
		results, answer, err := b.try(ctx, c)
		switch {
		case errors.Is(err, errStale) && try == tries: // for ever, in a snapshot that is older than what is in the way
			return nil, &Error{Op: "append", Code: serializationFailed, kind: ErrSerialization}
		case errors.Is(err, errStale):
		case err != nil:
			return nil, failed("append", err)
		case answer != nil:
			return nil, answer
		default:
			for i := range appends {
				if !results[i].Replayed { // or it proves nothing of this transaction
					b.ids = append(b.ids, idsOf(appends[i:i+1])...)
				}
			}
			b.closed = b.closed || slices.ContainsFunc(appends, func(a eventstore.Append) bool { return a.Close })
			return results, nil
		}
	}
}

// try appends behind a savepoint, because a unique violation would end the transaction.
func (b *boundStreams) try(ctx context.Context, c *call) (results []eventstore.AppendResult, answer, err error) {
	if err := b.run.exec(ctx, "SAVEPOINT es_append"); err != nil {
		return nil, nil, err
	}
	if err = b.check(ctx); err == nil {
		results, answer, err = c.inside(ctx, b.run)
	}
	if err != nil || answer != nil {
		if back := b.run.exec(ctx, "ROLLBACK TO SAVEPOINT es_append"); back != nil {
			return nil, nil, back // what the statement said matters no more
		}
	}
	if end := b.run.exec(ctx, "RELEASE SAVEPOINT es_append"); end != nil {
		return nil, nil, end
	}
	if errors.Is(answer, errRefused) || violates(err, b.store.names.prefix+"events_event_id") {
		return c.explain(ctx, b.run)
	}
	return results, answer, err
}

// inside does in a transaction what try does on a connection.
func (c *call) inside(ctx context.Context, run runner) (results []eventstore.AppendResult, answer, err error) {
	if len(c.appends) == 1 {
		res, answer, err := c.one(ctx, run)
		return []eventstore.AppendResult{res}, answer, err
	}
	heads := make([]*int64, len(c.appends))
	for _, i := range c.lockOrder() {
		a := &c.appends[i]
		if err := queryRow(ctx, run, []any{&heads[i]}, c.store.text.guards[guardOf(a.Expect)], c.guardArgs(a)...); err != nil {
			return nil, nil, err
		}
		if heads[i] == nil {
			return nil, errRefused, nil
		}
	}
	insert, err := c.insertAll(heads)
	if err != nil {
		return nil, nil, err
	}
	rs, err := run.query(ctx, c.store.text.insertAll, insert...)
	if err != nil {
		return nil, nil, err
	}
	defer rs.Close()
	var positions []int64
	for rs.Next() {
		var n int64
		if err := rs.Scan(&n); err != nil {
			return nil, nil, err
		}
		positions = append(positions, n)
	}
	rs.Close()
	if err := rs.Err(); err != nil {
		return nil, nil, err
	}
	ends := make([]event.Position, len(c.appends))
	for i, a := range c.appends {
		if len(a.Events) == 0 {
			if ends[i], err = c.positionOf(ctx, run, a.Stream, event.Version(*heads[i])); err != nil {
				return nil, nil, err
			}
		}
	}
	return c.results(heads, positions, ends), nil, nil
}

// check sees to it that a transaction of somebody else is on the store's own log.
func (b *boundStreams) check(ctx context.Context) error {
	if !b.foreign {
		return nil
	}
	var id event.ID
	err := queryRow(ctx, b.run, []any{&id}, b.store.names.in("SELECT id FROM {store}"))
	if code := codeOf(err); code == noTable || code == noSchema || err == nil && id != *b.store.id.Load() {
		return fmt.Errorf("%w: the transaction is on another database", ErrInvalidConfig)
	}
	b.foreign = err != nil
	return err
}

func (b *boundStreams) Read(ctx context.Context, stream event.StreamID, q eventstore.ReadQuery) iter.Seq2[event.Record, error] {
	return b.store.read(ctx, b.run, stream, q)
}

func (b *boundStreams) Lookup(ctx context.Context, ids ...event.ID) ([]event.Record, error) {
	return b.store.lookup(ctx, b.run, ids)
}
