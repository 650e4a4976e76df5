package eventstore

import (
	"bytes"

	"github.com/eventsource-go/eventsource/core/event"
)

// Replay is for stores: it answers appends whose events are stored already, as every store has
// to. stored returns what is stored under an id, whosever it is. The results are nil if no
// event of the appends is stored.
//
// Errors: [DuplicateEventError] if an id is taken by another event, or if only a part of the
// appends is stored.
func Replay(tenant string, appends []Append, stored func(event.ID) (event.Record, bool)) ([]AppendResult, error) {
	var results []AppendResult
	var known, total int
	var taken DuplicateEventError
	for i, a := range appends {
		total += len(a.Events)
		for j, d := range a.Events {
			rec, ok := stored(d.ID)
			if !ok {
				continue
			}
			if results == nil {
				results = make([]AppendResult, len(appends))
			}
			known++
			if taken = (DuplicateEventError{ID: d.ID}); rec.Metadata.Tenant == tenant {
				taken.Stream = rec.Stream
			}
			if rec.Metadata.Tenant != tenant || rec.Stream != a.Stream || rec.Type != d.Type || rec.Schema != d.Schema ||
				!bytes.Equal(rec.Data, d.Data) || j > 0 && rec.Version != results[i].Version+1 {
				return nil, new(taken)
			}
			if results[i].Version, results[i].Position, results[i].Replayed = rec.Version, rec.Position, true; j == 0 {
				results[i].First = rec.Position
			}
		}
	}
	switch known {
	case 0:
		return nil, nil
	case total:
		return results, nil
	}
	return nil, new(taken)
}
