package memstore

import (
	"context"
	"fmt"
	"iter"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// Read implements [eventstore.Streams]. It sees the stream as it is when it is ranged over, and
// copies one record at a time.
func (s *Store) Read(ctx context.Context, id event.StreamID, q eventstore.ReadQuery) iter.Seq2[event.Record, error] {
	return func(yield func(event.Record, error) bool) {
		tenant, err := s.cfg.Policy.Tenant(ctx)
		if err == nil {
			err = id.Validate()
		}
		if err == nil {
			err = q.Validate()
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			yield(event.Record{}, err)
			return
		}
		log, versions := s.snapshot(key{tenant, id})
		first, last := min(q.After, event.Version(len(versions))), event.Version(len(versions))
		if q.UpTo != 0 {
			last = min(last, q.UpTo)
		}
		n := 0
		for i := first; i < last; i++ {
			if err := ctx.Err(); err != nil {
				yield(event.Record{}, err)
				return
			}
			at := i
			if q.Backward {
				at = first + last - 1 - i
			}
			rec := log.at(versions[at])
			if !q.Selects(rec.Header) {
				continue
			}
			if n++; !yield(clone(rec), nil) || n == q.Limit {
				return
			}
		}
	}
}

// snapshot returns the log, and where in it the versions of a stream are. Neither is copied:
// what is there never changes.
func (s *Store) snapshot(k key) (log log, versions []int) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if st := s.streams[k]; st != nil {
		versions = st.log
	}
	return s.log, versions
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
		if at, ok := s.byID[id]; ok && s.log.at(at).Metadata.Tenant == tenant {
			found = append(found, clone(s.log.at(at)))
		}
	}
	return found, nil
}
