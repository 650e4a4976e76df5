package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// Append implements [eventstore.Streams]: one round trip for one stream, two for several. A caller
// who leaves meanwhile has the server stop, and is told what became of it.
//
// Errors, besides those of the port: [OutcomeUnknownError], [ErrInsideTx], [SchemaError], [Error].
func (s *Store) Append(ctx context.Context, appends ...eventstore.Append) ([]eventstore.AppendResult, error) {
	tenant, err := s.cfg.Policy.Check(ctx, appends...)
	if err == nil {
		err = ctx.Err()
	}
	if err == nil && s.isInside(ctx) {
		err = fmt.Errorf("append: %w", ErrInsideTx)
	}
	if err != nil {
		return nil, err
	}
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.life.Leave()
	if _, err := s.identity(ctx); err != nil {
		return nil, err
	}
	c := &call{store: s, tenant: tenant, appends: appends, now: event.Instant(s.cfg.Now())}
	results, err := c.resolve(ctx)
	if err == nil {
		s.wake.raise()
	}
	return results, err
}

// call is one call of Append.
type call struct {
	store   *Store
	tenant  string
	appends []eventstore.Append
	now     time.Time // the recorded time of its events
	dropped bool      // the connection of the last try is gone
	ending  bool      // its commit was sent
	short   bool      // it committed, but not as the server's settings promise
	unknown error     // what left the outcome of a try open
}

// errStale reports appends that were refused, and nothing is in their way any more.
var errStale = errors.New("refused by what is not there any more")

// resolve tries until it knows what became of the appends. To try again after the connection was
// lost is safe and tells for sure: the events are found by their ids if they are there, and if
// they are about to be, the row of the stream is locked until that is decided.
func (c *call) resolve(ctx context.Context) ([]eventstore.AppendResult, error) {
	s := c.store
	var deadline time.Time
	for delay := time.Millisecond; ; delay = min(2*delay, 100*time.Millisecond) {
		results, answer, err := c.try(ctx)
		code := codeOf(err)
		switch {
		case err == nil && answer == nil && c.short:
			c.unknown = ctx.Err()
			return nil, c.open(ctx.Err())
		case err == nil && answer == nil:
			return results, nil
		case err == nil && c.unknown != nil && len(idsOf(c.appends)) == 0: // closed, and nothing says by whom
			return nil, c.open(answer)
		case err == nil:
			return nil, answer
		case code == queryCanceled && ctx.Err() != nil && c.unknown == nil:
			return nil, &Error{Op: "append", cause: ctx.Err()}
		case errors.Is(err, errStale), code == serializationFailed, code == deadlockDetected:
		case c.dropped || isShutDown(code):
			sent := !errors.Is(err, errNotSent)
			if c.ending || sent && !pgconn.SafeToRetry(err) {
				c.unknown = err
			}
			if deadline.IsZero() {
				deadline = time.Now().Add(s.cfg.ResolveTimeout)
			}
			if !sent && c.unknown == nil || time.Now().After(deadline) {
				return nil, c.open(err)
			}
		default:
			return nil, c.open(err)
		}
		select {
		case <-time.After(delay/2 + rand.N(delay)):
		case <-ctx.Done():
			return nil, c.open(ctx.Err())
		}
	}
}

// open returns what a caller is told who can't be told what became of the appends, if that is so.
func (c *call) open(err error) error {
	err = failed("append", err)
	if c.unknown == nil {
		return err
	}
	return &OutcomeUnknownError{IDs: idsOf(c.appends), cause: errors.Join(err, failed("append", c.unknown))}
}

func idsOf(appends []eventstore.Append) []event.ID {
	var ids []event.ID
	for _, a := range appends {
		for i := range a.Events {
			ids = append(ids, a.Events[i].ID)
		}
	}
	return ids
}

// errNotSent reports that there was no connection, so nothing can have happened.
var errNotSent = errors.New("not sent")

// try stores the appends, or answers why not; err is the driver's, or errStale.
func (c *call) try(ctx context.Context) (results []eventstore.AppendResult, answer, err error) {
	c.ending = false
	conn, err := c.store.pool.Acquire(ctx)
	if c.dropped = err != nil; err != nil {
		return nil, nil, errors.Join(errNotSent, err)
	}
	defer func() {
		c.dropped, c.short = conn.Conn().IsClosed(), isShort(ctx, conn.Conn().PgConn())
		conn.Release()
	}()
	run := native{conn, c.store.mode}
	if len(c.appends) > 1 {
		return c.several(ctx, conn, run)
	}
	res, answer, err := c.one(ctx, run)
	switch {
	case errors.Is(answer, errRefused) || violates(err, c.store.names.prefix+"events_event_id"):
		return c.explain(ctx, run)
	case answer != nil || err != nil:
		return nil, answer, err
	}
	return []eventstore.AppendResult{res}, nil, nil
}

// errRefused reports that a guard did not hold, and explain has to find out why.
var errRefused = errors.New("refused")

// one adds to a single stream, in one statement.
func (c *call) one(ctx context.Context, run runner) (res eventstore.AppendResult, answer, err error) {
	a := &c.appends[0]
	f := form{guardOf(a.Expect), min(len(a.Events), many)}
	args := c.guardArgs(a)
	if len(a.Events) > 0 {
		var cols columns
		for i := range a.Events {
			if err := cols.add(&a.Events[i], c.now); err != nil {
				return res, nil, err
			}
		}
		if f.events == 1 {
			args = append(args, c.now, cols.ids[0], cols.types[0], cols.schemas[0], cols.occurred[0], cols.metadata[0], cols.data[0])
		} else {
			args = append(args, c.now, cols.ids, cols.types, cols.schemas, cols.occurred, cols.metadata, cols.data)
		}
	}
	var version, first, last, why *int64
	if err := queryRow(ctx, run, []any{&version, &first, &last, &why}, c.store.text.append[f], args...); err != nil {
		return res, nil, err
	}
	if version == nil {
		return res, refusal(a, *why), nil
	}
	if f.events == 1 {
		first = last
	}
	res.Version, res.First, res.Position = event.Version(*version), c.position(first), c.position(last)
	if last == nil && *version > 0 { // it moved after the statement's snapshot was taken
		if res.Position, err = c.positionOf(ctx, run, a.Stream, res.Version); err != nil {
			c.unknown = err // it is stored all the same
		}
	}
	return res, nil, err
}

// refusal says why a guard did not hold, from what the statement saw, as es_why_not puts it. A
// race that was lost after the snapshot was taken is not in it, and events that are there already
// have to be compared.
func refusal(a *eventstore.Append, why int64) error {
	v, closed, taken := event.Version(why>>2), why&2 != 0, why&1 != 0
	if taken {
		return errRefused
	}
	if closed {
		return &eventstore.StreamClosedError{Stream: a.Stream, Version: v}
	}
	if err := a.Expect.Check(a.Stream, v); err != nil {
		return err
	}
	return errRefused
}

func (c *call) guardArgs(a *eventstore.Append) []any {
	expected, _ := a.Expect.Version()
	return []any{c.tenant, a.Stream.Category, a.Stream.ID, int64(len(a.Events)), a.Close, int64(expected)}
}

func (c *call) position(n *int64) event.Position {
	if n == nil {
		return event.Position{}
	}
	return event.NewPosition(*c.store.id.Load(), uint64(*n))
}

// lockOrder returns the indexes of the appends in the order in which their streams are locked,
// which is the same for everybody, so that nobody waits in a circle.
func (c *call) lockOrder() []int {
	order := make([]int, len(c.appends))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int {
		a, b := c.appends[i].Stream, c.appends[j].Stream
		if by := strings.Compare(a.Category, b.Category); by != 0 {
			return by
		}
		return strings.Compare(a.ID, b.ID)
	})
	return order
}

// several adds to several streams: the first round trip begins a transaction and moves their rows,
// the second inserts the events, in the order given, and commits.
func (c *call) several(ctx context.Context, conn *pgxpool.Conn, run native) (results []eventstore.AppendResult, answer, err error) {
	defer func() {
		if conn.Conn().PgConn().TxStatus() != 'I' {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
			defer cancel()
			_, _ = conn.Exec(ctx, "ROLLBACK") // a connection that can't is closed by the pool
		}
		if errors.Is(answer, errRefused) || violates(err, c.store.names.prefix+"events_event_id") {
			results, answer, err = c.explain(ctx, run)
		}
	}()
	batch, order := &pgx.Batch{}, c.lockOrder()
	batch.Queue("BEGIN ISOLATION LEVEL READ COMMITTED")
	for _, i := range order {
		batch.Queue(c.store.text.guards[guardOf(c.appends[i].Expect)], c.guardArgs(&c.appends[i])...)
	}
	sent := conn.SendBatch(ctx, batch)
	heads := make([]*int64, len(c.appends))
	_, err = sent.Exec()
	for _, i := range order {
		if err == nil {
			if err = sent.QueryRow().Scan(&heads[i]); errors.Is(err, pgx.ErrNoRows) {
				answer, err = errRefused, nil
			}
		}
	}
	if end := sent.Close(); err == nil { // or it only says that the connection is gone
		err = end
	}
	if err != nil || answer != nil {
		return nil, answer, err
	}
	insert, err := c.insertAll(heads)
	if err != nil {
		return nil, nil, err
	}
	batch = &pgx.Batch{}
	batch.Queue(c.store.text.insertAll, insert...)
	for i, a := range c.appends {
		if len(a.Events) == 0 {
			batch.Queue(c.store.text.placed, c.tenant, a.Stream.Category, a.Stream.ID, *heads[i])
		}
	}
	batch.Queue("COMMIT")
	c.ending = true
	sent = conn.SendBatch(ctx, batch)
	rs, err := sent.Query()
	var positions []int64
	if err == nil {
		positions, err = pgx.CollectRows(rs, pgx.RowTo[int64])
	}
	ends := make([]event.Position, len(c.appends))
	for i, a := range c.appends {
		if err == nil && len(a.Events) == 0 {
			var n *int64
			if err = sent.QueryRow().Scan(&n); errors.Is(err, pgx.ErrNoRows) {
				err = nil
			}
			ends[i] = c.position(n)
		}
	}
	if err == nil {
		_, err = sent.Exec()
	}
	if end := sent.Close(); err == nil {
		err = end
	}
	if err != nil {
		return nil, nil, err
	}
	return c.results(heads, positions, ends), nil, nil
}

// insertAll returns the arguments of the statement that inserts the events of all appends, whose
// streams were moved to the versions heads.
func (c *call) insertAll(heads []*int64) ([]any, error) {
	var cols columns
	for i, a := range c.appends {
		for k := range a.Events {
			if err := cols.add(&a.Events[k], c.now); err != nil {
				return nil, err
			}
			cols.categories, cols.streams = append(cols.categories, a.Stream.Category), append(cols.streams, a.Stream.ID)
			cols.versions = append(cols.versions, *heads[i]-int64(len(a.Events)-k-1))
		}
	}
	return []any{c.tenant, c.now, cols.ids, cols.categories, cols.streams, cols.versions, cols.types, cols.schemas, cols.occurred, cols.metadata, cols.data}, nil
}

// results shares the positions of one statement out to the appends whose events it inserted.
// Those without events ended where ends says.
func (c *call) results(heads []*int64, positions []int64, ends []event.Position) []eventstore.AppendResult {
	slices.Sort(positions) // they were drawn in the order given
	results := make([]eventstore.AppendResult, len(c.appends))
	for i, a := range c.appends {
		res := &results[i]
		res.Version, res.Position = event.Version(*heads[i]), ends[i]
		if n := len(a.Events); n > 0 {
			res.First, res.Position = c.position(&positions[0]), c.position(&positions[n-1])
			positions = positions[n:]
		}
	}
	return results
}

// positionOf returns where the event of a version stands; zero if there is none.
func (c *call) positionOf(ctx context.Context, run runner, stream event.StreamID, v event.Version) (event.Position, error) {
	var n *int64
	err := queryRow(ctx, run, []any{&n}, c.store.text.placed, c.tenant, stream.Category, stream.ID, int64(v))
	return c.position(n), err
}
