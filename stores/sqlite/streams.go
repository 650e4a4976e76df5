package sqlite

import (
	"context"
	"fmt"
	"iter"
	"math"
	"time"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/stores/bunstore/sqlstore"
)

// Append implements [eventstore.Streams]. Appends that arrive together are committed together;
// each has its own answer. A caller who leaves while it waits leaves nothing behind; one who
// leaves while the commit runs still gets the truth.
//
// Errors, besides those of the port: [ErrInsideTx], [SchemaError], [Error].
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
	return s.append(ctx, &request{tenant: tenant, appends: appends, now: s.cfg.Now(), answered: make(chan struct{})})
}

// Read implements [eventstore.Streams].
func (s *Store) Read(ctx context.Context, stream event.StreamID, q eventstore.ReadQuery) iter.Seq2[event.Record, error] {
	return s.read(ctx, s.readers, stream, q)
}

// read reads a stream in pages.
func (s *Store) read(ctx context.Context, run runner, stream event.StreamID, q eventstore.ReadQuery) iter.Seq2[event.Record, error] {
	return sqlstore.Read(ctx, s.cfg.Policy, stream, q, func(r *sqlstore.Reading) ([]event.Record, bool, error) {
		return s.readPage(ctx, run, r)
	})
}

const (
	readForward = `SELECT ` + eventColumns + ` FROM es_events
WHERE tenant = ? AND category = ? AND stream = ? AND version > ? AND version <= ? AND occurred_at BETWEEN ? AND ?
ORDER BY version LIMIT ?`
	readBackward = `SELECT ` + eventColumns + ` FROM es_events
WHERE tenant = ? AND category = ? AND stream = ? AND version > ? AND version <= ? AND occurred_at BETWEEN ? AND ?
ORDER BY version DESC LIMIT ?`
)

// readPage returns the next records, and whether there may be more.
func (s *Store) readPage(ctx context.Context, run runner, r *sqlstore.Reading) (recs []event.Record, more bool, err error) {
	if err := s.enter(ctx); err != nil {
		return nil, false, err
	}
	defer s.life.Leave()
	id, err := s.identity(ctx)
	if err != nil {
		return nil, false, err
	}
	text, since, until := readForward, int64(math.MinInt64), int64(math.MaxInt64)
	if r.Query.Backward {
		text = readBackward
	}
	if !r.Query.Since.IsZero() { // rounded up, or what occurred before it would be taken for later
		since = micros(r.Query.Since.Add(time.Microsecond - time.Nanosecond))
	}
	if !r.Query.Until.IsZero() {
		until = micros(r.Query.Until)
	}
	after, upTo := r.Bounds()
	rows, err := run.query(ctx, text, r.Tenant, r.Stream.Category, r.Stream.ID, after, upTo, since, until, r.Limit())
	if err != nil {
		return nil, false, s.failed("read", err)
	}
	defer rows.Close()
	sc := newStreamScanner(id, r.Tenant, r.Stream)
	recs, more, err = r.Take(func() (rec event.Record, ok bool, err error) {
		if !rows.Next() {
			return rec, false, rows.Err()
		}
		rec, err = sc.scan(rows)
		return rec, true, err
	})
	return recs, more, s.failed("read", err)
}

// micros returns t as microseconds. What is outside of the years that events can occur in counts
// as the end of time, on its side.
func micros(t time.Time) int64 {
	switch {
	case t.Year() < 1:
		return math.MinInt64
	case t.Year() > 9999:
		return math.MaxInt64
	}
	return t.UnixMicro()
}

// Lookup implements [eventstore.Streams].
func (s *Store) Lookup(ctx context.Context, ids ...event.ID) ([]event.Record, error) {
	return s.lookup(ctx, s.readers, ids)
}

func (s *Store) lookup(ctx context.Context, run runner, ids []event.ID) ([]event.Record, error) {
	tenant, err := s.cfg.Policy.Tenant(ctx)
	if err == nil {
		err = sqlstore.CheckLookup(ids)
	}
	if err == nil {
		err = ctx.Err() // without ids there is no statement that would say so
	}
	if err != nil {
		return nil, err
	}
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.life.Leave()
	id, err := s.identity(ctx)
	if err != nil {
		return nil, err
	}
	found, err := lookup(ctx, run, id, ids)
	if err != nil {
		return nil, s.failed("look up", err)
	}
	return sqlstore.Found(ids, tenant, found), nil
}

const listStreams = `SELECT stream, version, closed FROM es_streams
WHERE tenant = ? AND category = ? AND stream > ? ORDER BY stream LIMIT ?`

// List implements [eventstore.Directory].
func (s *Store) List(ctx context.Context, q eventstore.ListQuery) (eventstore.Listing, error) {
	tenant, err := s.cfg.Policy.Tenant(ctx)
	if err == nil {
		q, err = q.Resolve()
	}
	if err != nil {
		return eventstore.Listing{}, err
	}
	if err := s.enter(ctx); err != nil {
		return eventstore.Listing{}, err
	}
	defer s.life.Leave()
	if _, err := s.identity(ctx); err != nil {
		return eventstore.Listing{}, err
	}
	rows, err := s.readers.query(ctx, listStreams, tenant, q.Category, q.After, q.Limit+1)
	if err != nil {
		return eventstore.Listing{}, s.failed("list", err)
	}
	defer rows.Close()
	page := eventstore.Listing{AtEnd: true}
	for rows.Next() {
		if len(page.Streams) == q.Limit {
			page.AtEnd = false
			break
		}
		info := eventstore.StreamInfo{Stream: event.StreamID{Category: q.Category}}
		if err := rows.Scan(&info.Stream.ID, &info.Version, &info.Closed); err != nil {
			return eventstore.Listing{}, s.failed("list", err)
		}
		page.Streams = append(page.Streams, info)
	}
	return page, s.failed("list", rows.Err())
}
