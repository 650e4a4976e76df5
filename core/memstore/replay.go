package memstore

import (
	"bytes"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// replay answers appends whose events are all stored already. It returns nil if none is.
func (s *Store) replay(tenant string, appends []eventstore.Append) ([]eventstore.AppendResult, error) {
	var results []eventstore.AppendResult
	var taken eventstore.DuplicateEventError // the last one found
	whole := true
	for i, a := range appends {
		for j, d := range a.Events {
			at, ok := s.byID[d.ID]
			if !ok {
				whole = false
				continue
			}
			if results == nil {
				results = make([]eventstore.AppendResult, len(appends))
			}
			rec, res := &s.log[at], &results[i]
			if taken = (eventstore.DuplicateEventError{ID: d.ID}); rec.Metadata.Tenant == tenant {
				taken.Stream = rec.Stream
			}
			if rec.Metadata.Tenant != tenant || !isStored(rec, a.Stream, d) || j > 0 && rec.Version != res.Version+1 {
				return nil, new(taken)
			}
			if res.Version, res.Position, res.Replayed = rec.Version, rec.Position, true; j == 0 {
				res.First = rec.Position
			}
		}
	}
	if results == nil {
		return nil, nil
	}
	for i, a := range appends { // closing has no id of its own
		st := s.stream(tenant, a.Stream)
		if whole = whole && (!a.Close || st.closed); len(a.Events) == 0 {
			results[i] = eventstore.AppendResult{Version: st.version(), Position: s.end(st), Replayed: true}
		}
	}
	if !whole {
		return nil, new(taken)
	}
	return results, nil
}

func isStored(rec *event.Record, stream event.StreamID, d event.Draft) bool {
	return rec.Stream == stream && rec.Type == d.Type && rec.Schema == d.Schema && bytes.Equal(rec.Data, d.Data)
}
