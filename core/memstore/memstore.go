// Package memstore keeps events in memory. It is the reference implementation of the ports, not
// a mock: it passes the same suites as the stores on disk.
package memstore

import (
	"context"
	"fmt"
	"maps"
	"slices"
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
	log      log // the record at n-1 is at position n
	streams  map[key]*stream
	names    map[group]*names
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

// NewWith returns an empty store with an identity of its own. It panics if the policy is not
// valid, see [eventstore.Policy.Validate].
func NewWith(cfg Config) *Store {
	if err := cfg.Policy.Validate(); err != nil {
		panic(fmt.Errorf("memstore: %w", err))
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Store{
		cfg:     cfg,
		id:      event.NewID(),
		streams: make(map[key]*stream),
		names:   make(map[group]*names),
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
	if results, err := s.replay(tenant, appends); results != nil || err != nil {
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

func (s *Store) add(tenant string, a eventstore.Append, now time.Time) (res eventstore.AppendResult) {
	st := s.stream(tenant, a.Stream)
	if k := (key{tenant, a.Stream}); s.streams[k] == nil {
		s.streams[k] = st
		s.name(k)
	}
	st.log = slices.Grow(st.log, len(a.Events))
	for i, d := range a.Events {
		occurred := now
		if !d.Occurred.IsZero() {
			occurred = event.Instant(d.Occurred)
		}
		d.Metadata.Tenant, d.Metadata.Extra = tenant, maps.Clone(d.Metadata.Extra)
		s.byID[d.ID] = s.log.len()
		st.log = append(st.log, s.log.len())
		rec := s.log.next()
		*rec = event.Record{Data: slices.Clone(d.Data), Header: event.Header{
			ID: d.ID, Stream: a.Stream, Version: st.version(), Position: s.position(s.log.len()),
			Type: d.Type, Schema: d.Schema, Occurred: occurred, Recorded: now, Metadata: d.Metadata,
		}}
		if i == 0 {
			res.First = rec.Position
		}
	}
	st.closed = a.Close
	res.Version, res.Position = st.version(), s.end(st)
	return res
}

// stream returns a stream that is kept, or an empty one that is not.
func (s *Store) stream(tenant string, id event.StreamID) *stream {
	if st, ok := s.streams[key{tenant, id}]; ok {
		return st
	}
	return &stream{}
}

func (st *stream) version() event.Version { return event.Version(len(st.log)) }

// end returns the position of the last event of st, zero if there is none.
func (s *Store) end(st *stream) event.Position {
	if len(st.log) == 0 {
		return event.Position{}
	}
	return s.log.at(st.log[len(st.log)-1]).Position
}

func (s *Store) position(n int) event.Position { return event.NewPosition(s.id, uint64(n)) }

// clone returns a record that is the receiver's.
func clone(rec *event.Record) event.Record {
	c := *rec
	c.Data, c.Metadata.Extra = slices.Clone(rec.Data), maps.Clone(rec.Metadata.Extra)
	return c
}
