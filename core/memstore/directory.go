package memstore

import (
	"context"
	"slices"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// group is a category as one tenant has it.
type group struct{ tenant, category string }

// names are the IDs of the streams of a group. They are put in order when somebody asks.
type names struct {
	ids     []string
	inOrder bool
}

// name remembers a new stream.
func (s *Store) name(k key) {
	g := group{k.tenant, k.stream.Category}
	if s.names[g] == nil {
		s.names[g] = new(names)
	}
	s.names[g].ids = append(s.names[g].ids, k.stream.ID)
	s.names[g].inOrder = false
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
	s.mu.Lock()
	defer s.mu.Unlock()
	var after []string
	if ns := s.names[group{tenant, q.Category}]; ns != nil {
		after = ns.after(q.After)
	}
	page := eventstore.Listing{AtEnd: len(after) <= q.Limit}
	for _, id := range after[:min(len(after), q.Limit)] {
		stream := event.StreamID{Category: q.Category, ID: id}
		st := s.streams[key{tenant, stream}]
		page.Streams = append(page.Streams, eventstore.StreamInfo{Stream: stream, Version: st.version(), Closed: st.closed})
	}
	return page, nil
}

func (ns *names) after(id string) []string {
	if !ns.inOrder {
		slices.Sort(ns.ids)
		ns.inOrder = true
	}
	i, found := slices.BinarySearch(ns.ids, id)
	if found {
		i++
	}
	return ns.ids[i:]
}
