package subscription

import (
	"context"
	"sync"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// reader reads one page at a time, and once for all members that stand at the same place: many
// pollers of their own would cost the writers most of their rate. The query asks for the types
// of all of them.
type reader struct {
	feed   eventstore.Feed
	query  eventstore.FeedQuery
	mu     sync.Mutex
	recent [4]recentPage // a ring
	n      int
}

type recentPage struct {
	after event.Cursor
	moved <-chan struct{} // the reader was at the head as long as nobody closed this
	page  eventstore.Page
}

// page returns what follows after. A page kept from before is as good as a new one if it is
// not the last, or if the head has not moved since, which is so while moved is the same.
func (r *reader) page(ctx context.Context, after event.Cursor, moved <-chan struct{}) (eventstore.Page, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, kept := range r.recent {
		if kept.moved != nil && kept.after == after && (kept.moved == moved || kept.page.Next != after) {
			kept.page.AtHead = kept.page.AtHead && kept.moved == moved
			return kept.page, nil
		}
	}
	q := r.query
	q.After = after
	page, err := r.feed.Page(ctx, q)
	if err == nil {
		r.recent[r.n%len(r.recent)] = recentPage{after, moved, page}
		r.n++
	}
	return page, err
}
