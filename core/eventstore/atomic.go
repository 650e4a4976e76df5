package eventstore

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/internal/backoff"
)

// Atomic lets fn append to several streams and stores all of it, or nothing, by one Append
// when fn returns nil. It returns the position of the last event, zero if there is none.
//
// What fn appends through tx is kept in memory; reads through tx see it, with versions as they
// will be, and without positions. If a stream has moved on by then, fn runs again, so it must
// have no other effects, and return the errors of tx as they are. After five further runs
// Atomic gives up, with the [ConflictError] of the last; between them it waits, and ends with
// the context's error if that is done. An event id that is taken, by a [DuplicateEventError],
// is a reason to run again once, because fn may find it now, as an idempotency key does.
//
// A stream that fn only reads is not guarded. tx is for one goroutine and of no use after fn.
func Atomic(ctx context.Context, s Streams, fn func(ctx context.Context, tx Streams) error) (event.Position, error) {
	const retries = 5
	taken := make(map[event.ID]bool) // what fn has run again for
	for try := 0; ; try++ {
		b := &buffer{under: s, tenant: event.MetadataFrom(ctx).Tenant, index: make(map[event.StreamID]int)}
		err := fn(ctx, b)
		b.ended = true
		if err != nil || len(b.appends) == 0 {
			return event.Position{}, err
		}
		var last event.Position
		results, err := s.Append(ctx, b.appends...)
		for _, res := range results {
			if c, _ := res.Position.Compare(last); c > 0 {
				last = res.Position
			}
		}
		again := errors.Is(err, ErrConflict)
		if d, ok := errors.AsType[*DuplicateEventError](err); ok {
			again, taken[d.ID] = !taken[d.ID], true
		}
		if !again || try == retries {
			return last, err
		}
		if err := backoff.Wait(ctx, try, 5*time.Millisecond, time.Second); err != nil {
			return event.Position{}, err
		}
	}
}

// buffer is a Streams that stores nothing. Each stream appended to is frozen as of its first append.
type buffer struct {
	under   Streams
	tenant  string   // of the append at the end
	appends []Append // one for each stream, which expects the version at which it was frozen
	index   map[event.StreamID]int
	ended   bool
}

var errEnded = errors.New("eventstore: use of tx after the end of Atomic")

// anySize leaves the limits to the store.
var anySize = Policy{MaxEventBytes: math.MaxInt, MaxAppendEvents: math.MaxInt, MaxAppendBytes: math.MaxInt}

func (b *buffer) usable(ctx context.Context) error {
	if b.ended {
		return errEnded
	}
	if event.MetadataFrom(ctx).Tenant != b.tenant {
		return fmt.Errorf("%w: changed inside of Atomic", ErrTenant)
	}
	return nil
}

func (b *buffer) Append(ctx context.Context, appends ...Append) ([]AppendResult, error) {
	if err := b.usable(ctx); err != nil {
		return nil, err
	}
	if _, err := anySize.Check(ctx, appends...); err != nil {
		return nil, err
	}
	heads := make([]event.Version, len(appends))
	for i, a := range appends {
		head, closed, err := b.head(ctx, a)
		if err == nil && closed {
			err = &StreamClosedError{Stream: a.Stream, Version: head}
		}
		if err == nil {
			err = a.Expect.Check(a.Stream, head)
		}
		if err != nil {
			return nil, err
		}
		heads[i] = head
	}
	results := make([]AppendResult, len(appends))
	for i, a := range appends {
		at, ok := b.index[a.Stream]
		if !ok {
			at = len(b.appends)
			b.index[a.Stream] = at
			b.appends = append(b.appends, Append{Stream: a.Stream, Expect: Exactly(heads[i])})
		}
		for _, d := range a.Events { // which are the caller's again when this returns
			d.Data, d.Metadata.Extra = slices.Clone(d.Data), maps.Clone(d.Metadata.Extra)
			b.appends[at].Events = append(b.appends[at].Events, d)
		}
		b.appends[at].Close = a.Close
		results[i].Version = heads[i] + event.Version(len(a.Events)) // positions are not known yet
	}
	return results, nil
}

// head returns the version of a's stream as seen inside. An exact expectation of a stream
// that was not appended to is believed, because the append at the end will check it.
func (b *buffer) head(ctx context.Context, a Append) (head event.Version, closed bool, err error) {
	if at, ok := b.index[a.Stream]; ok {
		base, _ := b.appends[at].Expect.Version()
		return base + event.Version(len(b.appends[at].Events)), b.appends[at].Close, nil
	}
	if v, ok := a.Expect.Version(); ok {
		return v, false, nil
	}
	for rec, err := range b.under.Read(ctx, a.Stream, ReadQuery{Backward: true, Limit: 1}) {
		return rec.Version, false, err
	}
	return 0, false, nil
}

func (b *buffer) Read(ctx context.Context, stream event.StreamID, q ReadQuery) iter.Seq2[event.Record, error] {
	return func(yield func(event.Record, error) bool) {
		if err := errors.Join(b.usable(ctx), q.Validate(), stream.Validate()); err != nil {
			yield(event.Record{}, err)
			return
		}
		at, ok := b.index[stream]
		if !ok {
			b.under.Read(ctx, stream, q)(yield)
			return
		}
		parts := []iter.Seq2[event.Record, error]{b.buffered(b.appends[at], q)}
		if base, _ := b.appends[at].Expect.Version(); base > 0 {
			stored := q
			if q.UpTo == 0 || q.UpTo > base {
				stored.UpTo = base
			}
			parts = append(parts, b.under.Read(ctx, stream, stored))
		}
		if !q.Backward {
			slices.Reverse(parts)
		}
		n := 0
		for _, part := range parts {
			for rec, err := range part {
				if n++; !yield(rec, err) || err != nil || n == q.Limit {
					return
				}
			}
		}
	}
}

func (b *buffer) buffered(a Append, q ReadQuery) iter.Seq2[event.Record, error] {
	return func(yield func(event.Record, error) bool) {
		version, _ := a.Expect.Version()
		var recs []event.Record
		for _, d := range a.Events {
			version++
			if rec := b.record(a.Stream, version, d); q.Selects(rec.Header) {
				recs = append(recs, rec)
			}
		}
		if q.Backward {
			slices.Reverse(recs)
		}
		for _, rec := range recs {
			if !yield(rec, nil) {
				return
			}
		}
	}
}

// record returns d as it will be stored. The position and the recorded time are not known yet.
func (b *buffer) record(stream event.StreamID, version event.Version, d event.Draft) event.Record {
	d.Metadata.Tenant, d.Metadata.Extra = b.tenant, maps.Clone(d.Metadata.Extra)
	return event.Record{Data: slices.Clone(d.Data), Header: event.Header{
		ID: d.ID, Stream: stream, Version: version, Type: d.Type, Schema: d.Schema,
		Occurred: event.Instant(d.Occurred), Metadata: d.Metadata,
	}}
}

// Lookup finds what is stored and what is buffered.
func (b *buffer) Lookup(ctx context.Context, ids ...event.ID) ([]event.Record, error) {
	if err := b.usable(ctx); err != nil {
		return nil, err
	}
	stored, err := b.under.Lookup(ctx, ids...)
	if err != nil {
		return nil, err
	}
	found := make(map[event.ID]event.Record, len(stored))
	for _, rec := range stored {
		found[rec.ID] = rec
	}
	for _, a := range b.appends {
		version, _ := a.Expect.Version()
		for _, d := range a.Events {
			version++
			found[d.ID] = b.record(a.Stream, version, d)
		}
	}
	var recs []event.Record
	for _, id := range ids {
		if rec, ok := found[id]; ok {
			recs = append(recs, rec)
		}
	}
	return recs, nil
}
