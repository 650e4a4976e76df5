package feedload_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/e2e/evidence"
	"github.com/eventsource-go/eventsource/stores/postgres"
)

// tally counts what the writers do.
type tally struct {
	events                                             atomic.Int64 // committed
	Appends, SeveralStreams, Transactions              atomic.Int64
	RolledBack, HeldOpen, WroteElsewhere, OnHotStreams atomic.Int64
}

const (
	writers    = 16
	hotStreams = 4
)

// writer appends to streams of its own and to some that all share.
type writer struct {
	store    *postgres.Store
	book     *book
	ledger   *ledger
	tally    *tally
	choice   *rand.Rand
	least    int // events of an append
	most     int
	versions map[event.StreamID]event.Version // of its own streams
	fresh    int
}

func newWriter(store *postgres.Store, l *ledger, t *tally, seed uint64, n int, least, most int) *writer {
	return &writer{
		store: store, book: l.books[n], ledger: l, tally: t, choice: evidence.Rand(seed, uint64(n)), least: least, most: most,
		versions: make(map[event.StreamID]event.Version),
	}
}

// run writes until all writers together have committed so many events.
func (w *writer) run(ctx context.Context, phase int, until int64) error {
	for w.tally.events.Load() < until {
		var err error
		switch n := w.choice.IntN(100); {
		case n < 45:
			err = w.append(ctx, phase)
		case n < 60:
			err = w.appendSeveral(ctx, phase)
		default:
			err = w.transact(ctx, phase)
		}
		if err != nil {
			return fmt.Errorf("writer %d: %w", w.book.writer, err)
		}
	}
	return nil
}

// hot returns one of the streams that all writers share.
func (w *writer) hot() event.StreamID {
	w.tally.OnHotStreams.Add(1)
	return event.StreamID{Category: "hot", ID: fmt.Sprint(w.choice.IntN(hotStreams))}
}

// own returns a stream of the writer's, often a new one.
func (w *writer) own() event.StreamID {
	if w.choice.IntN(5) == 0 {
		w.fresh++
		return event.StreamID{Category: "fresh", ID: fmt.Sprintf("%d-%d", w.book.writer, w.fresh)}
	}
	return event.StreamID{Category: "own", ID: fmt.Sprintf("%d-%d", w.book.writer, w.choice.IntN(20))}
}

// to makes an append of new events. A stream of the writer's is where it left it.
func (w *writer) to(stream event.StreamID) eventstore.Append {
	a := eventstore.Append{Stream: stream, Expect: eventstore.Any, Events: w.book.drafts(w.least + w.choice.IntN(w.most-w.least+1))}
	if stream.Category != "hot" {
		a.Expect = eventstore.Exactly(w.versions[stream])
	}
	return a
}

// stored enters what a call has stored, all events from first on.
func (w *writer) stored(first, phase int, called time.Duration, appends []eventstore.Append, results []eventstore.AppendResult) {
	w.book.commit(first, w.book.len()-first, phase, called, w.ledger.now())
	for i, a := range appends {
		if w.tally.events.Add(int64(len(a.Events))); a.Stream.Category != "hot" {
			w.versions[a.Stream] = results[i].Version
		}
	}
}

func (w *writer) append(ctx context.Context, phase int) error {
	first, stream := w.book.len(), w.own()
	if w.choice.IntN(2) == 0 {
		stream = w.hot()
	}
	return w.call(ctx, first, phase, &w.tally.Appends, w.to(stream))
}

func (w *writer) appendSeveral(ctx context.Context, phase int) error {
	first := w.book.len()
	return w.call(ctx, first, phase, &w.tally.SeveralStreams, w.to(w.hot()), w.to(w.own()))
}

// call stores by one call.
func (w *writer) call(ctx context.Context, first, phase int, n *atomic.Int64, appends ...eventstore.Append) error {
	called := w.ledger.now()
	results, err := w.store.Append(ctx, appends...)
	if err != nil {
		return err
	}
	n.Add(1)
	w.stored(first, phase, called, appends, results)
	return nil
}

var errRolledBack = errors.New("rolled back on purpose")

// transact appends in a transaction, of which half are rolled back, which is a fifth of all calls;
// some write elsewhere before they append, and some stay open for a while after it.
func (w *writer) transact(ctx context.Context, phase int) error {
	first, elsewhere, held, rollBack := w.book.len(), w.choice.IntN(3) == 0, w.choice.IntN(8) == 0, w.choice.IntN(2) == 0
	sleep := 50*time.Millisecond + time.Duration(w.choice.Int64N(int64(450*time.Millisecond)))
	stream := w.own()
	// A hot stream that is held has others wait, who hold up the feed in their turn: the lag of it
	// would say how long queues get, so there is none of that while it is measured.
	if n := w.choice.IntN(10); n < 3 && !held || n == 0 && phase == alone {
		stream = w.hot()
	}
	appends := []eventstore.Append{w.to(stream)}
	if second := w.own(); second != stream && w.choice.IntN(3) == 0 {
		appends = append(appends, w.to(second))
	}
	var results []eventstore.AppendResult
	called := w.ledger.now()
	err := w.store.InTx(ctx, func(ctx context.Context, tx bun.Tx, streams eventstore.Streams) error {
		results = results[:0]
		if elsewhere {
			if _, err := tx.ExecContext(ctx, "INSERT INTO elsewhere VALUES (?)", w.book.writer); err != nil {
				return err
			}
		}
		for _, a := range appends {
			res, err := streams.Append(ctx, a)
			if err != nil {
				return err
			}
			results = append(results, res...)
		}
		if held {
			select {
			case <-time.After(sleep):
			case <-ctx.Done():
			}
		}
		if rollBack {
			return errRolledBack
		}
		return nil
	})
	w.tally.Transactions.Add(1)
	count(&w.tally.HeldOpen, held)
	count(&w.tally.WroteElsewhere, elsewhere)
	if rollBack && errors.Is(err, errRolledBack) {
		w.tally.RolledBack.Add(1)
		for _, res := range results {
			w.book.dead = append(w.book.dead, hole{numberOf(res.First), w.ledger.now()})
		}
		return nil
	}
	if err != nil {
		return err
	}
	w.stored(first, phase, called, appends, results)
	return nil
}

func count(n *atomic.Int64, happened bool) {
	if happened {
		n.Add(1)
	}
}
