package eventstoretest_test

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

func (tx *txn) Read(ctx context.Context, stream event.StreamID, q eventstore.ReadQuery) iter.Seq2[event.Record, error] {
	return tx.log.read(ctx, tx, stream, q)
}

func (l *txlog) read(ctx context.Context, me *txn, stream event.StreamID, q eventstore.ReadQuery) iter.Seq2[event.Record, error] {
	l.mu.Lock()
	defer l.mu.Unlock()
	recs := l.streamOf(txkey{event.MetadataFrom(ctx).Tenant, stream}, me)
	recs = slices.DeleteFunc(recs, func(rec event.Record) bool { return !q.Selects(rec.Header) })
	if q.Backward {
		slices.Reverse(recs)
	}
	if q.Limit > 0 {
		recs = recs[:min(q.Limit, len(recs))]
	}
	return func(yield func(event.Record, error) bool) {
		for _, rec := range recs {
			if !yield(rec, nil) {
				return
			}
		}
	}
}

func (tx *txn) Lookup(_ context.Context, ids ...event.ID) ([]event.Record, error) {
	return tx.log.lookup(tx, ids), nil
}

func (l *txlog) lookup(me *txn, ids []event.ID) (recs []event.Record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range ids {
		for _, row := range l.rows {
			if row.rec.ID == id && row.by.seenBy(me) {
				recs = append(recs, row.rec)
			}
		}
	}
	return recs
}

func (l *txlog) Read(ctx context.Context, stream event.StreamID, q eventstore.ReadQuery) iter.Seq2[event.Record, error] {
	return l.read(ctx, nil, stream, q)
}

func (l *txlog) Lookup(_ context.Context, ids ...event.ID) ([]event.Record, error) {
	return l.lookup(nil, ids), nil
}

func (l *txlog) List(ctx context.Context, q eventstore.ListQuery) (eventstore.Listing, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	listing := eventstore.Listing{AtEnd: true}
	versions := make(map[event.StreamID]event.Version)
	tenant := event.MetadataFrom(ctx).Tenant
	for _, row := range l.rows {
		if row.by.committed && row.rec.Metadata.Tenant == tenant && row.rec.Stream.Category == q.Category && row.rec.Stream.ID > q.After {
			versions[row.rec.Stream] = row.rec.Version
		}
	}
	for stream, v := range versions {
		by := l.closed[txkey{tenant, stream}]
		listing.Streams = append(listing.Streams, eventstore.StreamInfo{Stream: stream, Version: v, Closed: by != nil && by.committed})
	}
	slices.SortFunc(listing.Streams, func(a, b eventstore.StreamInfo) int { return strings.Compare(a.Stream.ID, b.Stream.ID) })
	return listing, nil
}
