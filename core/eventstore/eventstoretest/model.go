package eventstoretest

import (
	"bytes"
	"slices"
	"strings"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// model is a store as simple as it can be: what the suite thinks that a store is.
type model struct {
	log     []event.Record // without positions and recorded times
	streams map[modelKey][]event.Record
	ids     map[event.ID]event.Record
	closed  map[modelKey]bool
}

func newModel() *model {
	return &model{streams: make(map[modelKey][]event.Record), ids: make(map[event.ID]event.Record), closed: make(map[modelKey]bool)}
}

type modelKey struct {
	tenant string
	stream event.StreamID
}

// head returns the version of a stream.
func (m *model) head(k modelKey) event.Version { return event.Version(len(m.streams[k])) }

// append stores appends and returns the version at which each ends, or which errors a store may
// return instead: where several are due, the port doesn't say which is first.
func (m *model) append(tenant string, appends []eventstore.Append) (ends []event.Version, replayed bool, errs []error) {
	known, total, duplicate := 0, 0, false
	for _, a := range appends {
		k, next := modelKey{tenant, a.Stream}, event.Version(0)
		for _, d := range a.Events {
			total++
			rec, ok := m.ids[d.ID]
			if !ok {
				continue
			}
			known++
			if rec.Metadata.Tenant != tenant || rec.Stream != a.Stream || rec.Type != d.Type || rec.Schema != d.Schema ||
				!bytes.Equal(rec.Data, d.Data) || next != 0 && rec.Version != next {
				duplicate = true
			}
			next = rec.Version + 1
		}
		if next == 0 {
			next = m.head(k) + 1
		}
		ends = append(ends, next-1)
		if a.Close && !m.closed[k] {
			total++ // a part that is not there
		}
	}
	if known > 0 && known == total && !duplicate {
		return ends, true, nil
	}
	if known > 0 {
		errs = append(errs, eventstore.ErrDuplicateEvent)
	}
	for _, a := range appends {
		k := modelKey{tenant, a.Stream}
		if m.closed[k] {
			errs = append(errs, eventstore.ErrStreamClosed)
		}
		if err := a.Expect.Check(a.Stream, m.head(k)); err != nil {
			errs = append(errs, eventstore.ErrConflict)
		}
	}
	if len(errs) > 0 {
		return nil, false, errs
	}
	for i, a := range appends {
		k := modelKey{tenant, a.Stream}
		for _, d := range a.Events {
			d.Metadata.Tenant = tenant
			rec := event.Record{Data: d.Data, Header: event.Header{
				ID: d.ID, Stream: a.Stream, Version: m.head(k) + 1, Type: d.Type, Schema: d.Schema,
				Occurred: event.Instant(d.Occurred), Metadata: d.Metadata,
			}}
			m.log, m.streams[k], m.ids[d.ID] = append(m.log, rec), append(m.streams[k], rec), rec
			ends[i]++
		}
		m.closed[k] = m.closed[k] || a.Close
	}
	return ends, false, nil
}

// list returns the streams of a category that come after an id.
func (m *model) list(tenant, category, after string) []eventstore.StreamInfo {
	infos := make(map[modelKey]eventstore.StreamInfo)
	for k, closed := range m.closed {
		infos[k] = eventstore.StreamInfo{Stream: k.stream, Closed: closed}
	}
	for k := range m.streams {
		infos[k] = eventstore.StreamInfo{Stream: k.stream, Version: m.head(k), Closed: m.closed[k]}
	}
	var found []eventstore.StreamInfo
	for k, info := range infos {
		if k.tenant == tenant && k.stream.Category == category && k.stream.ID > after {
			found = append(found, info)
		}
	}
	slices.SortFunc(found, func(a, b eventstore.StreamInfo) int { return strings.Compare(a.Stream.ID, b.Stream.ID) })
	return found
}
