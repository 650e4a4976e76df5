package sqlite

import (
	"context"
	"encoding/json"
	"errors"
	"math"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// maxLook is how many positions a page with filters looks at, so that one which finds nothing
// ends all the same.
const maxLook = 20_000

// Page implements [eventstore.Feed]. One writer at a time draws positions, and commits before the
// next one does, so everything up to the highest position is there for good: the feed never stalls.
func (s *Store) Page(ctx context.Context, q eventstore.FeedQuery) (eventstore.Page, error) {
	q, err := q.Resolve(ctx)
	if err != nil {
		return eventstore.Page{}, err
	}
	if err := s.enter(ctx); err != nil {
		return eventstore.Page{}, err
	}
	defer s.life.Leave()
	id, err := s.identity(ctx)
	if err != nil {
		return eventstore.Page{}, err
	}
	after, err := q.After.Position.In(id)
	if err != nil {
		return eventstore.Page{}, err
	}
	page, err := s.page(ctx, id, int64(after), q)
	return page, s.failed("read the feed", err)
}

// page reads the head first: what is committed after that is for the next page.
func (s *Store) page(ctx context.Context, id event.ID, after int64, q eventstore.FeedQuery) (eventstore.Page, error) {
	head, err := s.head(ctx)
	if err != nil {
		return eventstore.Page{}, err
	}
	if err := s.continues(ctx, after, head, q.After); err != nil {
		return eventstore.Page{}, err
	}
	page := eventstore.Page{Next: q.After, AtHead: true}
	if after == head {
		return page, nil
	}
	until := head
	if len(q.Types) > 0 || len(q.Categories) > 0 {
		until = min(head, after+maxLook)
	}
	full, err := s.pageRecords(ctx, id, after, until, q, &page)
	if err != nil {
		return eventstore.Page{}, err
	}
	if n := len(page.Records); full || n > 0 && s.number(page.Records[n-1].Position) == until {
		last := &page.Records[n-1]
		page.Next, until = event.Cursor{Position: last.Position, Event: last.ID}, s.number(last.Position)
	} else if page.Next, err = s.cursorAt(ctx, id, until); err != nil {
		return eventstore.Page{}, err
	}
	page.AtHead = until == head
	return page, nil
}

// pageQuery selects what q asks for of the positions after one and until another.
func pageQuery(after, until int64, q eventstore.FeedQuery) (text string, args []any, err error) {
	text = "SELECT " + recordColumns + " FROM es_events WHERE position > ? AND position <= ?"
	args = []any{after, until}
	if q.Tenant != "" {
		text += " AND tenant = ? AND tenant <> ''" // the second is what the partial index asks for
		args = append(args, q.Tenant)
	}
	for _, filter := range []struct {
		column string
		values []string
	}{{"type", q.Types}, {"category", q.Categories}} {
		if len(filter.values) > 0 {
			list, err := json.Marshal(filter.values)
			if err != nil {
				return "", nil, err
			}
			text += " AND " + filter.column + " IN (SELECT value FROM json_each(?))"
			args = append(args, string(list))
		}
	}
	return text + " ORDER BY position LIMIT ?", append(args, q.Limit), nil
}

// pageRecords adds the records that are asked for. full reports whether it stopped before until.
func (s *Store) pageRecords(ctx context.Context, id event.ID, after, until int64, q eventstore.FeedQuery, page *eventstore.Page) (full bool, err error) {
	text, args, err := pageQuery(after, until, q)
	if err != nil {
		return false, err
	}
	rows, err := s.readers.query(ctx, text, args...)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	sc := newScanner(id)
	for size := 0; rows.Next(); {
		rec, err := sc.scan(rows)
		if err != nil {
			return false, err
		}
		page.Records = append(page.Records, rec)
		if size += rec.Size(); size >= eventstore.MaxPageBytes || len(page.Records) == q.Limit {
			return true, rows.Close()
		}
	}
	return false, rows.Err()
}

// continues returns an error unless the cursor's event stands where it stood.
func (s *Store) continues(ctx context.Context, after, head int64, cur event.Cursor) error {
	if after > head {
		return &eventstore.DivergedError{Cursor: cur}
	}
	if after == 0 || cur.Event == (event.ID{}) {
		return nil
	}
	found, err := s.eventAt(ctx, after)
	if err == nil && found != cur.Event {
		err = &eventstore.DivergedError{Cursor: cur, Found: found}
	}
	return err
}

func (s *Store) cursorAt(ctx context.Context, id event.ID, n int64) (event.Cursor, error) {
	eventID, err := s.eventAt(ctx, n)
	return event.Cursor{Position: event.NewPosition(id, uint64(n)), Event: eventID}, err
}

// eventAt returns the id of the event at a position, zero if there is none.
func (s *Store) eventAt(ctx context.Context, n int64) (id event.ID, err error) {
	rows, err := s.readers.query(ctx, "SELECT event_id FROM es_events WHERE position = ?", n)
	if err != nil {
		return id, err
	}
	defer rows.Close()
	for rows.Next() {
		var raw []byte
		if err := rows.Scan(&raw); err != nil {
			return id, err
		}
		copy(id[:], raw)
	}
	return id, rows.Err()
}

// Head implements [eventstore.Feed].
func (s *Store) Head(ctx context.Context) (event.Position, error) {
	if err := s.enter(ctx); err != nil {
		return event.Position{}, err
	}
	defer s.life.Leave()
	id, err := s.identity(ctx)
	if err != nil {
		return event.Position{}, err
	}
	head, err := s.head(ctx)
	return event.NewPosition(id, uint64(head)), s.failed("read the head", err)
}

func (s *Store) head(ctx context.Context) (n int64, err error) {
	rows, err := s.readers.query(ctx, "SELECT coalesce(max(position), 0) FROM es_events")
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for rows.Next() {
		err = rows.Scan(&n)
	}
	return n, errors.Join(err, rows.Err())
}

// number returns the number of a position of this store.
func (s *Store) number(p event.Position) int64 {
	n, _ := p.In(*s.id.Load())
	return int64(min(n, math.MaxInt64))
}
