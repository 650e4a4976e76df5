package chaos_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"

	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/stores/postgres"
)

func isLost(err error) bool {
	return errors.Is(err, postgres.ErrOutcomeUnknown) || errors.Is(err, postgres.ErrUnreachable)
}

// hopeful acknowledges whatever it does not know.
type hopeful struct{ *postgres.Store }

func (s hopeful) Append(ctx context.Context, appends ...eventstore.Append) ([]eventstore.AppendResult, error) {
	results, err := s.Store.Append(ctx, appends...)
	if isLost(err) {
		return make([]eventstore.AppendResult, len(appends)), nil
	}
	return results, err
}

// modest says that it stored nothing if it does not know.
type modest struct{ *postgres.Store }

func (s modest) Append(ctx context.Context, appends ...eventstore.Append) ([]eventstore.AppendResult, error) {
	results, err := s.Store.Append(ctx, appends...)
	if errors.Is(err, postgres.ErrOutcomeUnknown) {
		err = fmt.Errorf("append: %w", postgres.ErrUnreachable)
	}
	return results, err
}

// forgetful tries again under new ids.
type forgetful struct{ *postgres.Store }

func (s forgetful) Append(ctx context.Context, appends ...eventstore.Append) ([]eventstore.AppendResult, error) {
	for {
		results, err := s.Store.Append(ctx, appends...)
		if !errors.Is(err, postgres.ErrOutcomeUnknown) {
			return results, err
		}
		for i := range appends {
			events := append([]event.Draft(nil), appends[i].Events...)
			for k := range events {
				events[k].ID = event.NewID()
			}
			appends[i].Events = events
		}
	}
}

// splitting takes an append to several streams for several appends.
type splitting struct{ *postgres.Store }

func (s splitting) Append(ctx context.Context, appends ...eventstore.Append) (results []eventstore.AppendResult, err error) {
	for _, a := range appends {
		part, err := s.Store.Append(ctx, a)
		if err != nil {
			return nil, err
		}
		results = append(results, part...)
	}
	return results, nil
}

// stubborn commits also what the caller rolls back.
type stubborn struct{ *postgres.Store }

func (s stubborn) InTx(ctx context.Context, fn func(context.Context, bun.Tx, eventstore.Streams) error) error {
	var said error
	err := s.Store.InTx(ctx, func(ctx context.Context, tx bun.Tx, streams eventstore.Streams) error {
		if said = fn(ctx, tx, streams); errors.Is(said, errRolledBack) {
			return nil
		}
		return said
	})
	return errors.Join(err, said)
}

// shameless does not say that events had been stored before.
type shameless struct{ *postgres.Store }

func (s shameless) Append(ctx context.Context, appends ...eventstore.Append) ([]eventstore.AppendResult, error) {
	results, err := s.Store.Append(ctx, appends...)
	for i := range results {
		results[i].Replayed = false
	}
	return results, err
}

// stale answers a read with what it read the last time, every other time.
type stale struct {
	*postgres.Store
	mu   *sync.Mutex
	read map[event.StreamID][]event.Record
}

func newStale(s *postgres.Store) database {
	return stale{s, new(sync.Mutex), make(map[event.StreamID][]event.Record)}
}

func (s stale) Read(ctx context.Context, stream event.StreamID, q eventstore.ReadQuery) iter.Seq2[event.Record, error] {
	return func(yield func(event.Record, error) bool) {
		s.mu.Lock()
		kept, ok := s.read[stream]
		delete(s.read, stream)
		s.mu.Unlock()
		if ok {
			for _, rec := range kept {
				if !yield(rec, nil) {
					return
				}
			}
			return
		}
		var records []event.Record
		for rec, err := range s.Store.Read(ctx, stream, q) {
			records = append(records, rec)
			if !yield(rec, err) || err != nil {
				return
			}
		}
		s.mu.Lock()
		s.read[stream] = records
		s.mu.Unlock()
	}
}

// repeating goes back by one event with each page.
type repeating struct{ *postgres.Store }

func (s repeating) Page(ctx context.Context, q eventstore.FeedQuery) (eventstore.Page, error) {
	page, err := s.Store.Page(ctx, q)
	if n := len(page.Records); n > 1 {
		page.Next = event.Cursor{Position: page.Records[n-2].Position, Event: page.Records[n-2].ID}
	}
	return page, err
}

// naive shows what follows the last position it has seen, and so never what is committed later.
type naive struct{ *postgres.Store }

func (s naive) Page(ctx context.Context, q eventstore.FeedQuery) (page eventstore.Page, err error) {
	var store event.ID
	if err := s.DB().QueryRowContext(ctx, "SELECT id FROM es_store").Scan(&store); err != nil {
		return page, errors.Join(postgres.ErrUnreachable, err)
	}
	after, err := q.After.Position.In(store)
	if err != nil {
		return page, err
	}
	rows, err := s.DB().QueryContext(ctx, `SELECT position, event_id, tenant, category, stream, version, type, schema, data FROM es_events
		WHERE position > ? ORDER BY position LIMIT 500`, after)
	if err != nil {
		return page, errors.Join(postgres.ErrUnreachable, err)
	}
	defer rows.Close()
	page.Next, page.AtHead = q.After, true
	for rows.Next() {
		var rec event.Record
		var n uint64
		if err := rows.Scan(&n, &rec.ID, &rec.Metadata.Tenant, &rec.Stream.Category, &rec.Stream.ID, &rec.Version, &rec.Type, &rec.Schema, &rec.Data); err != nil {
			return page, err
		}
		rec.Position = event.NewPosition(store, n)
		page.Next, page.AtHead = event.Cursor{Position: rec.Position, Event: rec.ID}, false
		if (len(q.Types) == 0 || q.Types[0] == rec.Type) && (q.Tenant == "" || q.Tenant == rec.Metadata.Tenant) {
			page.Records = append(page.Records, rec)
		}
	}
	return page, rows.Err()
}
