package sqlite

import (
	"context"
	"fmt"
	"iter"
	"math"
	"time"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
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
	defer s.life.leave()
	if _, err := s.identity(ctx); err != nil {
		return nil, err
	}
	return s.append(ctx, &request{tenant: tenant, appends: appends, now: s.cfg.Now(), answered: make(chan struct{})})
}

// Read implements [eventstore.Streams].
func (s *Store) Read(ctx context.Context, stream event.StreamID, q eventstore.ReadQuery) iter.Seq2[event.Record, error] {
	return s.read(ctx, s.readers, stream, q)
}

// read reads a stream in pages. A page is one statement, which sees appends whole.
func (s *Store) read(ctx context.Context, run runner, stream event.StreamID, q eventstore.ReadQuery) iter.Seq2[event.Record, error] {
	return func(yield func(event.Record, error) bool) {
		tenant, err := s.cfg.Policy.Tenant(ctx)
		if err == nil {
			err = stream.Validate()
		}
		if err == nil {
			err = q.Validate()
		}
		if err != nil {
			yield(event.Record{}, err)
			return
		}
		r := reading{tenant: tenant, stream: stream, q: q, left: q.Limit}
		for more := true; more; {
			var recs []event.Record
			if recs, more, err = s.readPage(ctx, run, &r); err != nil {
				yield(event.Record{}, err)
				return
			}
			for i := range recs {
				if err := ctx.Err(); err != nil {
					yield(event.Record{}, err)
					return
				}
				if !yield(recs[i], nil) {
					return
				}
			}
		}
	}
}

// reading is how far a read got.
type reading struct {
	tenant string
	stream event.StreamID
	q      eventstore.ReadQuery // its bounds move with each page
	left   int                  // of the limit; 0 if there is none
	pages  int                  // that were read
}

// firstPageEvents is how many records the first page of a read has: most streams have no more,
// and who wants only the last few should not wait for hundreds.
const firstPageEvents = 64

const (
	readForward = `SELECT ` + eventColumns + ` FROM es_events
WHERE tenant = ? AND category = ? AND stream = ? AND version > ? AND version <= ? AND occurred_at BETWEEN ? AND ?
ORDER BY version LIMIT ?`
	readBackward = `SELECT ` + eventColumns + ` FROM es_events
WHERE tenant = ? AND category = ? AND stream = ? AND version > ? AND version <= ? AND occurred_at BETWEEN ? AND ?
ORDER BY version DESC LIMIT ?`
)

// readPage returns the next records, and whether there may be more.
func (s *Store) readPage(ctx context.Context, run runner, r *reading) (recs []event.Record, more bool, err error) {
	if err := s.enter(ctx); err != nil {
		return nil, false, err
	}
	defer s.life.leave()
	id, err := s.identity(ctx)
	if err != nil {
		return nil, false, err
	}
	limit := eventstore.DefaultPageEvents
	if r.pages++; r.pages == 1 {
		limit = firstPageEvents
	}
	if r.left > 0 {
		limit = min(limit, r.left)
	}
	text, since, until := readForward, int64(math.MinInt64), int64(math.MaxInt64)
	if r.q.Backward {
		text = readBackward
	}
	if !r.q.Since.IsZero() { // rounded up, or what occurred before it would be taken for later
		since = micros(r.q.Since.Add(time.Microsecond - time.Nanosecond))
	}
	if !r.q.Until.IsZero() {
		until = micros(r.q.Until)
	}
	upTo := int64(math.MaxInt64)
	if r.q.UpTo > 0 {
		upTo = int64(min(r.q.UpTo, math.MaxInt64))
	}
	rows, err := run.query(ctx, text, r.tenant, r.stream.Category, r.stream.ID, int64(min(r.q.After, math.MaxInt64)), upTo, since, until, limit)
	if err != nil {
		return nil, false, s.failed("read", err)
	}
	defer rows.Close()
	sc, size := newStreamScanner(id, r.tenant, r.stream), 0
	for size < eventstore.MaxPageBytes && rows.Next() {
		rec, err := sc.scan(rows)
		if err != nil {
			return nil, false, s.failed("read", err)
		}
		recs = append(recs, rec)
		size += rec.Size()
	}
	if err := rows.Err(); err != nil {
		return nil, false, s.failed("read", err)
	}
	if len(recs) == 0 {
		return nil, false, nil
	}
	if last := recs[len(recs)-1].Version; r.q.Backward {
		r.q.UpTo = last - 1
		more = last > 1
	} else {
		r.q.After = last
		more = true
	}
	more = more && (len(recs) == limit || size >= eventstore.MaxPageBytes)
	if r.left > 0 {
		r.left -= len(recs)
		more = more && r.left > 0
	}
	return recs, more, nil
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
	switch {
	case err != nil:
		return nil, err
	case len(ids) > eventstore.MaxLookup:
		return nil, fmt.Errorf("%w: %d ids", eventstore.ErrInvalidQuery, len(ids))
	}
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.life.leave()
	id, err := s.identity(ctx)
	if err != nil {
		return nil, err
	}
	found, err := lookup(ctx, run, id, ids)
	if err != nil {
		return nil, s.failed("look up", err)
	}
	var recs []event.Record
	for _, id := range ids {
		if rec, ok := found[id]; ok && rec.Metadata.Tenant == tenant {
			rec.Data = append([]byte(nil), rec.Data...) // an id may be asked for twice
			recs = append(recs, rec)
		}
	}
	return recs, nil
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
	defer s.life.leave()
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
