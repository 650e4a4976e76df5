package postgres

import (
	"context"
	"fmt"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// maxLook is how many events a page with filters looks at, so that one which finds nothing ends
// all the same.
const maxLook = 20_000

// firstRecords is how many records a page that has any has room for at first.
const firstRecords = 64

// Page implements [eventstore.Feed]. It stalls while a transaction is open that has drawn a
// position and not committed; others, however long they are, are nothing to it.
//
// Errors, besides those of the port: [FeedRefusedError], [SchemaError], [Error].
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
	q.Limit = s.portion.Of(q.Limit)
	page, err := s.page(ctx, id, int64(after), q)
	return page, failed("read the feed", err)
}

func (s *Store) page(ctx context.Context, id event.ID, after int64, q eventstore.FeedQuery) (eventstore.Page, error) {
	everything := len(q.Types) == 0 && len(q.Categories) == 0 && q.Tenant == ""
	if everything || s.isNear(after, q.Limit) {
		page, whole, err := s.tail(ctx, id, after, q)
		if err != nil || whole {
			return page, err
		}
	}
	look := maxLook
	if everything {
		look = q.Limit + 1
	}
	r, err := s.reach(ctx, after, look)
	if err != nil {
		return eventstore.Page{}, err
	}
	if err := continues(q.After, r.found, after > 0 && r.atHead && r.until == after); err != nil {
		return eventstore.Page{}, err
	}
	page := eventstore.Page{Next: q.After, AtHead: r.atHead, Stall: r.stall}
	if r.until == after {
		return page, nil
	}
	full, err := s.pageRecords(ctx, id, after, r.until, q, &page)
	if err != nil {
		return eventstore.Page{}, err
	}
	last := event.Record{}
	if n := len(page.Records); n > 0 {
		last = page.Records[n-1]
	}
	end := event.NewPosition(id, uint64(r.until))
	if full && last.Position != end {
		page.AtHead, page.Stall = false, nil
		end = last.Position
	}
	if page.Next = (event.Cursor{Position: end, Event: last.ID}); last.Position != end {
		page.Next.Event, err = s.eventAt(ctx, r.until)
	}
	return page, err
}

// continues returns an error unless the cursor's event, found, stands where it stood. Nothing
// stands beyond the end.
func continues(cur event.Cursor, found *event.ID, beyond bool) error {
	switch {
	case cur.Position.IsZero():
		return nil
	case found == nil && (beyond || cur.Event != event.ID{}):
		return &eventstore.DivergedError{Cursor: cur}
	case found != nil && cur.Event != event.ID{} && *found != cur.Event:
		return &eventstore.DivergedError{Cursor: cur, Found: *found}
	}
	return nil
}

// isNear reports whether what a page looks at from here is about as much as it may have. There
// subscriptions wait for the next event, and to leave out what they don't want is faster than to
// ask twice.
func (s *Store) isNear(after int64, limit int) bool {
	server, settled := s.fence.known()
	return server != 0 && after+int64(limit) >= settled
}

// tail looks at no more events than a page may have, in one round trip. It is not whole if it
// meets a hole.
func (s *Store) tail(ctx context.Context, id event.ID, after int64, q eventstore.FeedQuery) (page eventstore.Page, whole bool, err error) {
	server, settled := s.fence.known()
	if server == 0 {
		return page, false, nil
	}
	rs, err := s.pooled().query(ctx, s.text.tail, after, q.Limit+2)
	if err != nil {
		return page, false, err
	}
	defer rs.Close()
	var now int64
	sc, size, looked, last := newScanner(id, &now), 0, 0, after
	var found *event.ID
	page = eventstore.Page{Next: q.After, AtHead: true}
	for rs.Next() {
		rec, err := sc.scan(rs)
		switch {
		case err != nil:
			return page, false, err
		case sc.n == after:
			found = new(rec.ID)
			continue
		case looked == 0 && continues(q.After, found, false) != nil:
			return page, false, continues(q.After, found, false)
		case now != server || sc.n > max(last, settled)+1:
			return page, false, nil
		}
		if page.AtHead = looked < q.Limit && size < eventstore.MaxPageBytes; !page.AtHead {
			break
		}
		looked, last = looked+1, sc.n
		page.Next = event.Cursor{Position: rec.Position, Event: rec.ID}
		size += rec.Size()
		if q.Selects(rec.Header) {
			if page.Records == nil {
				page.Records = make([]event.Record, 0, min(q.Limit, firstRecords))
			}
			page.Records = append(page.Records, rec)
		}
	}
	rs.Close()
	if err := rs.Err(); err != nil {
		return page, false, err
	}
	if looked == 0 {
		if err := continues(q.After, found, after > 0); err != nil {
			return page, false, err
		}
	}
	s.portion.Took(looked, size)
	s.fence.advance(server, after, last)
	return page, true, nil
}

// pageQuery selects what q asks for of the positions after one and until another.
func (s *Store) pageQuery(after, until int64, q eventstore.FeedQuery) (text string, args []any) {
	text = "SELECT " + recordColumns + " FROM {events} WHERE position > $1 AND position <= $2"
	args = []any{after, until}
	add := func(condition string, value any) {
		args = append(args, value)
		text += fmt.Sprintf(condition, len(args))
	}
	if q.Tenant != "" {
		add(" AND tenant = $%d AND tenant <> ''", q.Tenant) // the second is what the partial index asks for
	}
	if len(q.Types) > 0 {
		add(" AND type = ANY ($%d::text[])", q.Types)
	}
	if len(q.Categories) > 0 {
		add(" AND category = ANY ($%d::text[])", q.Categories)
	}
	add(" ORDER BY position LIMIT $%d", q.Limit)
	return s.names.in(text), args
}

// pageRecords adds the records that are asked for. full reports whether it stopped before until.
func (s *Store) pageRecords(ctx context.Context, id event.ID, after, until int64, q eventstore.FeedQuery, page *eventstore.Page) (full bool, err error) {
	text, args := s.pageQuery(after, until, q)
	rs, err := s.pooled().query(ctx, text, args...)
	if err != nil {
		return false, err
	}
	defer rs.Close()
	sc := newScanner(id)
	size := 0
	for !full && rs.Next() {
		rec, err := sc.scan(rs)
		if err != nil {
			return false, err
		}
		if page.Records == nil {
			page.Records = make([]event.Record, 0, min(q.Limit, firstRecords))
		}
		page.Records = append(page.Records, rec)
		size += rec.Size()
		full = size >= eventstore.MaxPageBytes || len(page.Records) == q.Limit
	}
	rs.Close()
	s.portion.Took(len(page.Records), size)
	return full, rs.Err()
}

// eventAt returns the id of the event at a position, zero if there is none.
func (s *Store) eventAt(ctx context.Context, n int64) (id event.ID, err error) {
	err = queryRow(ctx, s.pooled(), []any{&id}, s.text.eventAt, n)
	return id, err
}

// Head implements [eventstore.Feed].
//
// Errors, besides those of the port: [FeedRefusedError], [SchemaError], [Error].
func (s *Store) Head(ctx context.Context) (event.Position, error) {
	if err := s.enter(ctx); err != nil {
		return event.Position{}, err
	}
	defer s.life.Leave()
	id, err := s.identity(ctx)
	if err != nil {
		return event.Position{}, err
	}
	n, err := s.head(ctx)
	return event.NewPosition(id, uint64(n)), failed("read the head", err)
}

// head goes on from what is settled, and so has little to look at but the first time.
func (s *Store) head(ctx context.Context) (n int64, err error) {
	if server, _ := s.fence.known(); server == 0 {
		if _, err := s.look(ctx); err != nil {
			return 0, err
		}
	}
	server, from := s.fence.known()
	for {
		r, err := s.reach(ctx, from, maxLook)
		switch {
		case err != nil:
			return 0, err
		case r.server != server: // what was settled is so no more
			server, from = s.fence.known()
			continue
		case r.atHead || r.stall != nil:
			err = queryRow(ctx, s.pooled(), []any{&n}, s.text.head, r.until)
			return n, err
		}
		from = r.until
	}
}
