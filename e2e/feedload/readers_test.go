package feedload_test

import (
	"context"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/stores/postgres"
)

// reader follows the feed of the store.
type reader struct {
	name   string
	ledger *ledger
	query  eventstore.FeedQuery
	wanted func(n int) bool
	store  *postgres.Store

	// again opens another store after some events, as the next process would; nil is never.
	again func(ctx context.Context) (*postgres.Store, error)
	pause *rand.Rand // says after how many

	seen     []sight
	shown    atomic.Int64
	pages    int
	restarts int
	stalls   int      // pages that ended at a hole
	blamed   []string // causes that name who has nothing to do with it
}

// follow reads until it is at the head of a log that nobody adds to any more, which done says.
func (r *reader) follow(ctx context.Context, done <-chan struct{}) error {
	next := r.nextRestart()
	for {
		ending := false
		select {
		case <-done:
			ending = true
		default:
		}
		woken := r.store.Appended()
		page, err := r.store.Page(ctx, r.query)
		if err != nil {
			return err
		}
		r.take(page)
		idle := page.AtHead || page.Stall != nil
		if ending && page.AtHead && page.Stall == nil {
			return nil
		}
		if len(r.seen) >= next {
			if err := r.restart(ctx); err != nil {
				return err
			}
			next = r.nextRestart()
			continue
		}
		if idle {
			select {
			case <-woken:
			case <-time.After(10 * time.Millisecond):
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
	}
}

func (r *reader) take(page eventstore.Page) {
	now := r.ledger.now()
	for i := range page.Records {
		rec := &page.Records[i]
		r.seen = append(r.seen, sight{id: rec.ID, position: numberOf(rec.Position), stream: rec.Stream, version: rec.Version, at: now})
	}
	r.query.After = page.Next
	r.shown.Store(int64(len(r.seen)))
	r.pages++
	if page.Stall != nil {
		r.stalls++
		if strings.Contains(page.Stall.Cause, foreigner) {
			r.blamed = append(r.blamed, page.Stall.Cause)
		}
	}
}

func (r *reader) nextRestart() int {
	if r.again == nil {
		return 1<<63 - 1
	}
	return len(r.seen) + 200 + r.pause.IntN(2000)
}

// restart forgets everything but the cursor, which goes through its text form.
func (r *reader) restart(ctx context.Context) error {
	position, err := event.ParsePosition(r.query.After.Position.String())
	if err != nil {
		return err
	}
	r.query.After = event.Cursor{Position: position, Event: r.query.After.Event}
	r.restarts++
	if r.restarts > 1 { // the first store is not the reader's own
		if err := r.store.Close(); err != nil {
			return err
		}
	}
	r.store, err = r.again(ctx)
	return err
}

// numberOf returns the number in a position, so that it can be compared with that of a row.
func numberOf(p event.Position) int64 {
	_, text, _ := strings.Cut(p.String(), ".")
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0
	}
	return n
}
