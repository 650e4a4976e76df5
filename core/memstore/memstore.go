// Package memstore keeps events in memory. It is the reference implementation of the ports, not
// a mock: it passes the same suites as the stores on disk.
package memstore

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// Config holds what a [Store] may be told. The zero value is ready to use.
type Config struct {
	// Policy is what the store accepts.
	Policy eventstore.Policy

	// Now stamps the recorded time. Defaults to time.Now.
	Now func() time.Time
}

// Store is an in-memory event store. It is safe for concurrent use. Nothing is durable.
type Store struct {
	cfg Config
	id  event.ID

	mu       sync.RWMutex
	log      []event.Record // log[n-1] is at position n; never changed below its length
	streams  map[key]*stream
	byID     map[event.ID]int // index in log
	appended chan struct{}    // nil until somebody waits
}

type key struct {
	tenant string
	stream event.StreamID
}

type stream struct {
	log    []int // indexes in the store's log; log[v-1] is version v; never changed below its length
	closed bool
}

var (
	_ eventstore.Store    = (*Store)(nil)
	_ eventstore.Notifier = (*Store)(nil)
)

// New returns an empty store with default configuration and an identity of its own.
func New() *Store { return NewWith(Config{}) }

// NewWith returns an empty store with an identity of its own.
func NewWith(cfg Config) *Store {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Store{
		cfg:     cfg,
		id:      event.NewID(),
		streams: make(map[key]*stream),
		byID:    make(map[event.ID]int),
	}
}

// Append implements [eventstore.Streams].
func (s *Store) Append(ctx context.Context, appends ...eventstore.Append) ([]eventstore.AppendResult, error) {
	tenant, err := s.cfg.Policy.Check(ctx, appends...)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil { // also one that ended while we waited
		return nil, err
	}
	if results, err := eventstore.Replay(tenant, appends, s.stored); results != nil || err != nil {
		return results, err
	}
	for _, a := range appends {
		st := s.stream(tenant, a.Stream)
		if st.closed {
			return nil, &eventstore.StreamClosedError{Stream: a.Stream, Version: st.version()}
		}
		if err := a.Expect.Check(a.Stream, st.version()); err != nil {
			return nil, err
		}
	}
	results, now := make([]eventstore.AppendResult, len(appends)), event.Instant(s.cfg.Now())
	for i, a := range appends {
		results[i] = s.add(tenant, a, now)
	}
	if s.appended != nil {
		close(s.appended)
		s.appended = nil
	}
	return results, nil
}

// stored returns the record under id. It is the store's: nobody may change it.
func (s *Store) stored(id event.ID) (event.Record, bool) {
	at, ok := s.byID[id]
	if !ok {
		return event.Record{}, false
	}
	return s.log[at], true
}

func (s *Store) add(tenant string, a eventstore.Append, now time.Time) (res eventstore.AppendResult) {
	st := s.stream(tenant, a.Stream)
	st.log = slices.Grow(st.log, len(a.Events))
	for i, d := range a.Events {
		occurred := now
		if !d.Occurred.IsZero() {
			occurred = event.Instant(d.Occurred)
		}
		d.Metadata.Tenant, d.Metadata.Extra = tenant, maps.Clone(d.Metadata.Extra)
		s.byID[d.ID] = len(s.log)
		st.log = append(st.log, len(s.log))
		s.log = append(s.log, event.Record{Data: slices.Clone(d.Data), Header: event.Header{
			ID: d.ID, Stream: a.Stream, Version: st.version(), Position: s.position(len(s.log) + 1),
			Type: d.Type, Schema: d.Schema, Occurred: occurred, Recorded: now, Metadata: d.Metadata,
		}})
		if i == 0 {
			res.First = s.position(len(s.log))
		}
	}
	st.closed = a.Close
	s.streams[key{tenant, a.Stream}] = st
	res.Version = st.version()
	if n := len(st.log); n > 0 {
		res.Position = s.log[st.log[n-1]].Position
	}
	return res
}

// Read implements [eventstore.Streams].
func (s *Store) Read(ctx context.Context, id event.StreamID, q eventstore.ReadQuery) iter.Seq2[event.Record, error] {
	return func(yield func(event.Record, error) bool) {
		tenant, err := s.cfg.Policy.Tenant(ctx)
		if err == nil {
			err = id.Validate()
		}
		if err == nil {
			err = q.Validate()
		}
		if err != nil {
			yield(event.Record{}, err)
			return
		}
		var idx []int
		s.mu.RLock()
		if st := s.streams[key{tenant, id}]; st != nil {
			idx = st.log
		}
		log := s.log
		s.mu.RUnlock()
		n := 0
		for i := range idx {
			if err := ctx.Err(); err != nil {
				yield(event.Record{}, err)
				return
			}
			if q.Backward {
				i = len(idx) - 1 - i
			}
			rec := &log[idx[i]]
			if !q.Selects(rec.Header) {
				continue
			}
			if n++; !yield(clone(rec), nil) || n == q.Limit {
				return
			}
		}
	}
}

// Lookup implements [eventstore.Streams].
func (s *Store) Lookup(ctx context.Context, ids ...event.ID) ([]event.Record, error) {
	tenant, err := s.cfg.Policy.Tenant(ctx)
	switch {
	case err != nil:
		return nil, err
	case len(ids) > eventstore.MaxLookup:
		return nil, fmt.Errorf("%w: %d ids", eventstore.ErrInvalidQuery, len(ids))
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	var found []event.Record
	for _, id := range ids {
		if at, ok := s.byID[id]; ok && s.log[at].Metadata.Tenant == tenant {
			found = append(found, clone(&s.log[at]))
		}
	}
	return found, nil
}

// List implements [eventstore.Directory].
func (s *Store) List(ctx context.Context, q eventstore.ListQuery) (eventstore.Listing, error) {
	tenant, err := s.cfg.Policy.Tenant(ctx)
	if err == nil {
		q, err = q.Resolve()
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return eventstore.Listing{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	var found []eventstore.StreamInfo
	for k, st := range s.streams {
		if k.tenant == tenant && k.stream.Category == q.Category && k.stream.ID > q.After {
			found = append(found, eventstore.StreamInfo{Stream: k.stream, Version: st.version(), Closed: st.closed})
		}
	}
	slices.SortFunc(found, func(a, b eventstore.StreamInfo) int { return strings.Compare(a.Stream.ID, b.Stream.ID) })
	n := min(len(found), q.Limit)
	return eventstore.Listing{Streams: found[:n:n], AtEnd: n == len(found)}, nil
}

// Page implements [eventstore.Feed].
func (s *Store) Page(ctx context.Context, q eventstore.FeedQuery) (eventstore.Page, error) {
	q, err := q.Resolve(ctx)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return eventstore.Page{}, err
	}
	after, err := q.After.Position.In(s.id)
	if err != nil {
		return eventstore.Page{}, err
	}
	s.mu.RLock()
	log := s.log
	s.mu.RUnlock()
	if err := continues(log, after, q.After); err != nil {
		return eventstore.Page{}, err
	}
	page, size := eventstore.Page{Next: q.After}, 0
	rest := log[after:]
	for len(rest) > 0 && len(page.Records) < q.Limit && size < eventstore.MaxPageBytes {
		rec := &rest[0]
		if selects(q, rec) {
			page.Records = append(page.Records, clone(rec))
			size += len(rec.Data)
		}
		page.Next = event.Cursor{Position: rec.Position, Event: rec.ID}
		rest = rest[1:]
	}
	page.AtHead = len(rest) == 0
	return page, nil
}

// continues reports whether the log is the one that the cursor, which stands at after, was made in.
func continues(log []event.Record, after uint64, cur event.Cursor) error {
	diverged := &eventstore.DivergedError{Cursor: cur}
	if after > uint64(len(log)) {
		return diverged
	}
	if after > 0 && cur.Event != (event.ID{}) && cur.Event != log[after-1].ID {
		diverged.Found = log[after-1].ID
		return diverged
	}
	return nil
}

func selects(q eventstore.FeedQuery, rec *event.Record) bool {
	return (len(q.Types) == 0 || slices.Contains(q.Types, rec.Type)) &&
		(len(q.Categories) == 0 || slices.Contains(q.Categories, rec.Stream.Category)) &&
		(q.Tenant == "" || q.Tenant == rec.Metadata.Tenant)
}

// Head implements [eventstore.Feed].
func (s *Store) Head(ctx context.Context) (event.Position, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.position(len(s.log)), ctx.Err()
}

// Appended implements [eventstore.Notifier].
func (s *Store) Appended() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.appended == nil {
		s.appended = make(chan struct{})
	}
	return s.appended
}

func (s *Store) position(n int) event.Position { return event.NewPosition(s.id, uint64(n)) }

func (s *Store) stream(tenant string, id event.StreamID) *stream {
	if st, ok := s.streams[key{tenant, id}]; ok {
		return st
	}
	return &stream{}
}

func (st *stream) version() event.Version { return event.Version(len(st.log)) }

func clone(rec *event.Record) event.Record {
	c := *rec
	c.Data, c.Metadata.Extra = slices.Clone(rec.Data), maps.Clone(rec.Metadata.Extra)
	return c
}
