package eventstore

import (
	"bytes"

	"github.com/eventsource-go/eventsource/core/event"
)

// Stored is what a store knows, for [Replay] to ask.
type Stored struct {
	// Event returns what is stored under an id, whosever it is.
	Event func(event.ID) (event.Record, bool)

	// End returns the version of a stream of the appends' tenant, the position of its last
	// event, and whether it is closed.
	End func(event.StreamID) (version event.Version, position event.Position, closed bool, err error)
}

// Replay is for stores: it answers appends that are stored already, as every store has to. The
// results are nil if none of their events is. Closing has no id of its own: it is a part of
// the appends that is there if the stream is closed.
//
// Errors: [DuplicateEventError] if an id is taken by another event, or if only a part of the
// appends is stored; those of stored.
func Replay(tenant string, appends []Append, stored Stored) ([]AppendResult, error) {
	var results []AppendResult
	var taken DuplicateEventError // the last one found
	whole := true
	for i, a := range appends {
		for j, d := range a.Events {
			rec, ok := stored.Event(d.ID)
			if !ok {
				whole = false
				continue
			}
			if results == nil {
				results = make([]AppendResult, len(appends))
			}
			if taken = (DuplicateEventError{ID: d.ID}); rec.Metadata.Tenant == tenant {
				taken.Stream = rec.Stream
			}
			res := &results[i]
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
	for i, a := range appends {
		if !a.Close {
			continue
		}
		version, position, closed, err := stored.End(a.Stream)
		if err != nil {
			return nil, err
		}
		if whole = whole && closed; len(a.Events) == 0 {
			results[i] = AppendResult{Version: version, Position: position, Replayed: true}
		}
	}
	if !whole {
		return nil, new(taken)
	}
	return results, nil
}

func isStored(rec event.Record, stream event.StreamID, d event.Draft) bool {
	return rec.Stream == stream && rec.Type == d.Type && rec.Schema == d.Schema && bytes.Equal(rec.Data, d.Data)
}
