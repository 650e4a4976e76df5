package memstore

import (
	"context"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// Page implements [eventstore.Feed]. It copies what it returns and nothing else.
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
	log, _ := s.snapshot(key{})
	if err := continues(log, after, q.After); err != nil {
		return eventstore.Page{}, err
	}
	page, size := eventstore.Page{Next: q.After}, 0
	at := int(after)
	for ; at < log.len() && len(page.Records) < q.Limit && size < eventstore.MaxPageBytes; at++ {
		if at%4096 == 0 && ctx.Err() != nil { // a sparse filter looks at a lot
			return eventstore.Page{}, ctx.Err()
		}
		rec := log.at(at)
		if q.Selects(rec.Header) {
			page.Records = append(page.Records, clone(rec))
			size += rec.Size()
		}
		page.Next = event.Cursor{Position: rec.Position, Event: rec.ID}
	}
	page.AtHead = at == log.len()
	return page, nil
}

// continues reports whether the log is the one that the cursor, which stands at after, was made in.
func continues(log log, after uint64, cur event.Cursor) error {
	diverged := &eventstore.DivergedError{Cursor: cur}
	if after > uint64(log.len()) {
		return diverged
	}
	if after > 0 && cur.Event != (event.ID{}) && cur.Event != log.at(int(after)-1).ID {
		diverged.Found = log.at(int(after) - 1).ID
		return diverged
	}
	return nil
}

// Head implements [eventstore.Feed].
func (s *Store) Head(ctx context.Context) (event.Position, error) {
	if err := ctx.Err(); err != nil {
		return event.Position{}, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.position(s.log.len()), nil
}

// Appended implements [eventstore.Notifier]: by the time that Append returns, the channels
// handed out before it are closed.
func (s *Store) Appended() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.appended == nil {
		s.appended = make(chan struct{})
	}
	return s.appended
}
