package postgres

import (
	"context"
	"iter"
	"time"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/stores/bunstore/sqlstore"
)

// Read implements [eventstore.Streams].
func (s *Store) Read(ctx context.Context, stream event.StreamID, q eventstore.ReadQuery) iter.Seq2[event.Record, error] {
	return s.read(ctx, s.pooled(), stream, q)
}

// read reads a stream in pages.
func (s *Store) read(ctx context.Context, run runner, stream event.StreamID, q eventstore.ReadQuery) iter.Seq2[event.Record, error] {
	return sqlstore.Read(ctx, s.cfg.Policy, stream, q, func(r *sqlstore.Reading) ([]event.Record, bool, error) {
		return s.readPage(ctx, run, r)
	})
}

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
func (s *Store) readPage(ctx context.Context, run runner, r *sqlstore.Reading) (recs []event.Record, more bool, err error) {
	if err := s.enter(ctx); err != nil {
		return nil, false, err
	}
	defer s.life.Leave()
	id, err := s.identity(ctx)
	if err != nil {
		return nil, false, err
	}
	text, since, until := s.text.forward, firstInstant, lastInstant
	if r.Query.Backward {
		text = s.text.back
	}
	if !r.Query.Since.IsZero() {
		since = bounded(r.Query.Since.Add(time.Microsecond - time.Nanosecond)) // rounded up
	}
	if !r.Query.Until.IsZero() {
		until = bounded(r.Query.Until)
	}
	after, upTo := r.Bounds()
	rs, err := run.query(ctx, text, r.Tenant, r.Stream.Category, r.Stream.ID, after, upTo, since, until, r.Limit())
	if err != nil {
		return nil, false, failed("read", err)
	}
	defer rs.Close()
	sc := newStreamScanner(id, r.Tenant, r.Stream)
	recs, more, err = r.Take(func() (rec event.Record, ok bool, err error) {
		if !rs.Next() {
			return rec, false, rs.Err()
		}
		rec, err = sc.scan(rs)
		return rec, true, err
	})
	return recs, more, failed("read", err)
}

// Lookup implements [eventstore.Streams].
func (s *Store) Lookup(ctx context.Context, ids ...event.ID) ([]event.Record, error) {
	return s.lookup(ctx, s.pooled(), ids)
}

func (s *Store) lookup(ctx context.Context, run runner, ids []event.ID) ([]event.Record, error) {
	tenant, err := s.cfg.Policy.Tenant(ctx)
	if err == nil {
		err = sqlstore.CheckLookup(ids)
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
	found, err := s.lookupAny(ctx, run, ids)
	if err != nil {
		return nil, failed("look up", err)
	}
	return sqlstore.Found(ids, tenant, found), nil
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
	defer s.life.Leave()
	if _, err := s.identity(ctx); err != nil {
		return eventstore.Listing{}, err
	}
	rs, err := s.pooled().query(ctx, s.text.list, tenant, q.Category, q.After, q.Limit+1)
	if err != nil {
		return eventstore.Listing{}, failed("list", err)
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
			return eventstore.Listing{}, failed("list", err)
		}
		page.Streams = append(page.Streams, info)
	}
	rs.Close()
	return page, failed("list", rs.Err())
}
