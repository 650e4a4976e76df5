package postgres

import (
	"context"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// reached is how far a feed can look.
type reached struct {
	from   int64
	found  *event.ID         // of the event at from; nil if there is none
	until  int64             // the last event that can be shown, or from
	atHead bool              // there is nothing more
	stall  *eventstore.Stall // why there is more that can't be shown
	server int64             // the life of it in which that is so
}

// reachText looks at positions in order, $3 of them after $1. A hole counts if some of it is above
// what is settled, $2.
const reachText = `SELECT count(*), coalesce(max(position), $1::bigint),
	min(prev) FILTER (WHERE position > greatest(prev, $2::bigint) + 1), ` + lifeText + `, (SELECT event_id FROM {events} WHERE position = $1::bigint)
FROM (SELECT position, lag(position, 1, $1::bigint) OVER (ORDER BY position) AS prev
	FROM (SELECT position FROM {events} WHERE position > $1::bigint ORDER BY position LIMIT $3::bigint) AS a) AS b`

// reach finds out how far a feed can look from a place, over so many events at most. What it
// reached has to be read in a statement of its own, later: what was hidden is visible then.
func (s *Store) reach(ctx context.Context, from int64, most int) (reached, error) {
	r := reached{from: from}
	if server, _ := s.fence.known(); server == 0 {
		if _, err := s.look(ctx); err != nil {
			return r, err
		}
	}
	var holders []holder
	for looked := false; ; looked = true {
		server, settled := s.fence.known()
		var n, last int64
		var before *int64 // the event before the first hole that counts
		r.found = nil
		if err := queryRow(ctx, s.pooled(), []any{&n, &last, &before, &r.server, &r.found}, s.text.reach, from, settled, int64(most)); err != nil {
			return r, err
		}
		if same := r.server == server; same && before == nil {
			s.fence.advance(server, from, last)
			r.until, r.atHead = last, n < int64(most)
			return r, nil
		} else if looked && same {
			r.until = *before
			s.fence.advance(server, from, r.until)
			now, hole := s.cfg.Now(), max(r.until, settled)+1
			r.stall = &eventstore.Stall{Cause: cause(hole, holders, now), Since: s.fence.stands(hole, now)}
			return r, nil
		}
		var err error
		if holders, err = s.look(ctx); err != nil {
			return r, err
		}
	}
}
