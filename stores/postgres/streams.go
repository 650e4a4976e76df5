package postgres

import (
	"context"
	"fmt"
	"iter"
	"math"
	"time"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// Read implements [eventstore.Streams].
func (s *Store) Read(ctx context.Context, stream event.StreamID, q eventstore.ReadQuery) iter.Seq2[event.Record, error] {
	return s.read(ctx, s.pooled(), stream, q)
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
	most   int                  // events that a page may ask for; 0 is as many as it likes
}

// firstPageEvents is how many records the first page of a read has: most streams have no more,
// and who wants only the last few should not wait for hundreds.
const firstPageEvents = 64

// Events occur between these; see [eventstore.Policy].
var firstInstant, lastInstant = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC)

// bounded returns t as PostgreSQL can hold it, and no event is beyond.
func bounded(t time.Time) time.Time {
	switch {
	case t.Before(firstInstant):
		return firstInstant.Add(-time.Microsecond)
	case t.After(lastInstant):
		return lastInstant.Add(time.Microsecond)
	}
	return event.Instant(t)
}

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
	if r.most > 0 { // events so large that a page of fewer is full
		limit = min(limit, r.most)
	}
	text, since, until := s.text.forward, firstInstant, lastInstant
	if r.q.Backward {
		text = s.text.back
	}
	if !r.q.Since.IsZero() {
		since = bounded(r.q.Since.Add(time.Microsecond - time.Nanosecond)) // rounded up
	}
	if !r.q.Until.IsZero() {
		until = bounded(r.q.Until)
	}
	upTo := int64(math.MaxInt64)
	if r.q.UpTo > 0 {
		upTo = int64(min(r.q.UpTo, math.MaxInt64))
	}
	rs, err := run.query(ctx, text, r.tenant, r.stream.Category, r.stream.ID, int64(min(r.q.After, math.MaxInt64)), upTo, since, until, limit)
	if err != nil {
		return nil, false, s.failed("read", err)
	}
	defer rs.Close()
	sc, size := newStreamScanner(id, r.tenant, r.stream), 0
	for size < eventstore.MaxPageBytes && rs.Next() {
		rec, err := sc.scan(rs)
		if err != nil {
			return nil, false, s.failed("read", err)
		}
		recs = append(recs, rec)
		size += rec.Size()
	}
	rs.Close()
	if err := rs.Err(); err != nil {
		return nil, false, s.failed("read", err)
	}
	if len(recs) == 0 {
		return nil, false, nil
	}
	if size >= eventstore.MaxPageBytes {
		r.most = max(1, len(recs))
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

// Lookup implements [eventstore.Streams].
func (s *Store) Lookup(ctx context.Context, ids ...event.ID) ([]event.Record, error) {
	return s.lookup(ctx, s.pooled(), ids)
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
	if _, err := s.identity(ctx); err != nil {
		return nil, err
	}
	found, err := s.lookupAny(ctx, run, ids)
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
	rs, err := s.pooled().query(ctx, s.text.list, tenant, q.Category, q.After, q.Limit+1)
	if err != nil {
		return eventstore.Listing{}, s.failed("list", err)
	}
	defer rs.Close()
	page := eventstore.Listing{AtEnd: true}
	for rs.Next() {
		if len(page.Streams) == q.Limit {
			page.AtEnd = false
			break
		}
		info := eventstore.StreamInfo{Stream: event.StreamID{Category: q.Category}}
		if err := rs.Scan(&info.Stream.ID, &info.Version, &info.Closed); err != nil {
			return eventstore.Listing{}, s.failed("list", err)
		}
		page.Streams = append(page.Streams, info)
	}
	rs.Close()
	return page, s.failed("list", rs.Err())
}
