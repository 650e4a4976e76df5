package memstore

import (
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// replay answers appends whose events are all stored already. It returns nil if none is.
func (s *Store) replay(tenant string, appends []eventstore.Append) ([]eventstore.AppendResult, error) {
	return eventstore.Replay(tenant, appends, eventstore.Stored{
		Event: func(id event.ID) (event.Record, bool) {
			at, ok := s.byID[id]
			if !ok {
				return event.Record{}, false
			}
			return *s.log.at(at), true // nobody may change it
		},
		End: func(id event.StreamID) (event.Version, event.Position, bool, error) {
			st := s.stream(tenant, id)
			return st.version(), s.end(st), st.closed, nil
		},
	})
}
