package eventstoretest_test

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/eventstore/eventstoretest"
)

// txlog is one of several stores on the same data, which have transactions: as far as the cases
// about those go, it is what a database with a sequence would be. A transaction has a number
// from its first write on, locks the streams to which it appends, and draws positions before
// anybody knows whether it will commit.
type txlog struct {
	*txdata
	flaws txflaws
}

// txflaws are what a txlog does wrong.
type txflaws struct {
	feed func(l *txlog, q eventstore.FeedQuery) (log []event.Record, stalled bool) // nil is fenced

	forgetful   bool // a transaction does not see what it wrote
	dirty       bool // readers of streams see what is not committed
	kept        bool // what is rolled back stays
	brittle     bool // a refused append ends the transaction
	remembering bool // ids that were rolled back are known
}

type txdata struct {
	mu     sync.Mutex
	ended  *sync.Cond // a transaction has
	store  event.ID
	rows   []*txrow // by position, the first one is 1
	begun  int      // numbers of transactions
	open   map[*txn]bool
	locks  map[txkey]*txn
	closed map[txkey]*txn
	looks  map[*txn]int // that a feed has waited for it
}

type txkey struct {
	tenant string
	stream event.StreamID
}

type txrow struct {
	rec event.Record
	by  *txn
}

// txn is a transaction on a log.
type txn struct {
	log       *txlog
	number    int // 0 until it has written
	committed bool
	dead      bool
}

func newTxlog(flaws txflaws) *txlog {
	d := &txdata{store: event.NewID(), open: make(map[*txn]bool), locks: make(map[txkey]*txn), closed: make(map[txkey]*txn), looks: make(map[*txn]int)}
	d.ended = sync.NewCond(&d.mu)
	return &txlog{d, flaws}
}

func (l *txlog) begin() *txn {
	l.mu.Lock()
	defer l.mu.Unlock()
	tx := &txn{log: l}
	l.open[tx] = true
	return tx
}

func (tx *txn) write() {
	if tx.number == 0 {
		tx.log.begun++
		tx.number = tx.log.begun
	}
}

func (tx *txn) end(commit bool) {
	l := tx.log
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.open[tx] {
		return
	}
	delete(l.open, tx)
	tx.committed = (commit || l.flaws.kept) && !tx.dead
	for k, by := range l.locks {
		if by == tx {
			delete(l.locks, k)
		}
	}
	for k, by := range l.closed {
		if by == tx && !tx.committed {
			delete(l.closed, k)
		}
	}
	l.ended.Broadcast()
}

// seenBy reports whether somebody, nil if in no transaction, sees what tx wrote.
func (tx *txn) seenBy(me *txn) bool {
	if tx.log.flaws.dirty && me == nil {
		return true
	}
	return tx.committed || tx == me && !tx.log.flaws.forgetful
}

// streamOf returns the records of a stream that somebody sees.
func (l *txlog) streamOf(k txkey, me *txn) (recs []event.Record) {
	for _, row := range l.rows {
		if row.by.seenBy(me) && (txkey{row.rec.Metadata.Tenant, row.rec.Stream}) == k {
			recs = append(recs, row.rec)
		}
	}
	return recs
}

func (tx *txn) Append(ctx context.Context, appends ...eventstore.Append) ([]eventstore.AppendResult, error) {
	tenant, err := eventstore.Policy{}.Check(ctx, appends...)
	if err != nil {
		return nil, err
	}
	l := tx.log
	l.mu.Lock()
	defer l.mu.Unlock()
	tx.write()
	var taken []txkey
	for _, a := range appends {
		k := txkey{tenant, a.Stream}
		for l.locks[k] != nil && l.locks[k] != tx {
			l.ended.Wait()
		}
		if l.locks[k] == nil {
			l.locks[k], taken = tx, append(taken, k)
		}
	}
	results, err := l.appendTo(tx, tenant, appends)
	if err != nil { // the savepoint before it
		for _, k := range taken {
			delete(l.locks, k)
		}
		l.ended.Broadcast()
		tx.dead = tx.dead || l.flaws.brittle
	}
	return results, err
}

func (l *txlog) appendTo(tx *txn, tenant string, appends []eventstore.Append) ([]eventstore.AppendResult, error) {
	last := func(recs []event.Record) (v event.Version, p event.Position) {
		if len(recs) > 0 {
			v, p = recs[len(recs)-1].Version, recs[len(recs)-1].Position
		}
		return v, p
	}
	results, err := eventstore.Replay(tenant, appends, eventstore.Stored{
		Event: func(id event.ID) (event.Record, bool) {
			for _, row := range l.rows {
				if row.rec.ID == id && (row.by.committed || row.by == tx || l.flaws.remembering) {
					return row.rec, true
				}
			}
			return event.Record{}, false
		},
		End: func(stream event.StreamID) (event.Version, event.Position, bool, error) {
			v, p := last(l.streamOf(txkey{tenant, stream}, tx))
			return v, p, l.closed[txkey{tenant, stream}] != nil, nil
		},
	})
	if results != nil || err != nil {
		return results, err
	}
	for _, a := range appends {
		v, _ := last(l.streamOf(txkey{tenant, a.Stream}, tx))
		if l.closed[txkey{tenant, a.Stream}] != nil {
			return nil, &eventstore.StreamClosedError{Stream: a.Stream, Version: v}
		}
		if err := a.Expect.Check(a.Stream, v); err != nil {
			return nil, err
		}
	}
	results = make([]eventstore.AppendResult, len(appends))
	for i, a := range appends {
		k, res := txkey{tenant, a.Stream}, &results[i]
		res.Version, res.Position = last(l.streamOf(k, tx))
		for j, d := range a.Events {
			res.Version, res.Position = res.Version+1, event.NewPosition(l.store, uint64(len(l.rows)+1))
			if j == 0 {
				res.First = res.Position
			}
			d.Metadata.Tenant = tenant
			l.rows = append(l.rows, &txrow{by: tx, rec: event.Record{Data: d.Data, Header: event.Header{
				ID: d.ID, Stream: a.Stream, Version: res.Version, Position: res.Position, Type: d.Type, Schema: d.Schema, Metadata: d.Metadata,
			}}})
		}
		if a.Close {
			l.closed[k] = tx
		}
	}
	return results, nil
}

// Append appends in a transaction of its own.
func (l *txlog) Append(ctx context.Context, appends ...eventstore.Append) ([]eventstore.AppendResult, error) {
	tx := l.begin()
	results, err := tx.Append(ctx, appends...)
	tx.end(err == nil)
	return results, err
}

func (l *txlog) Page(ctx context.Context, q eventstore.FeedQuery) (eventstore.Page, error) {
	q, err := q.Resolve(ctx)
	if err != nil {
		return eventstore.Page{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.page(q), nil
}

func (l *txlog) page(q eventstore.FeedQuery) eventstore.Page {
	feed := l.flaws.feed
	if feed == nil {
		feed = fenced
	}
	log, stalled := feed(l, q)
	page := pageOf(log, q)
	if page.AtHead && stalled {
		page.AtHead, page.Stall = false, &eventstore.Stall{Cause: "a transaction", Since: time.Unix(1, 0)}
	}
	return page
}

func (l *txlog) Head(context.Context) (event.Position, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.page(eventstore.FeedQuery{Limit: 1 << 30}).Next.Position, nil
}

// upTo returns what is committed before the first place of one of those who are open, as far as
// counts says that it is to be waited for.
func (l *txlog) upTo(counts func(row *txrow) bool) (log []event.Record, stalled bool) {
	for _, row := range l.rows {
		switch stalled = stalled || l.open[row.by] && counts(row); {
		case !row.by.committed:
		case stalled:
			return log, true
		default:
			log = append(log, row.rec)
		}
	}
	return log, false
}

// fenced is the feed as it should be.
func fenced(l *txlog, _ eventstore.FeedQuery) ([]event.Record, bool) {
	return l.upTo(func(*txrow) bool { return true })
}

// sorted returns records in another order, by which they have other positions.
func (l *txlog) sorted(rows []*txrow, place func(row *txrow) uint64) (log []event.Record) {
	for _, row := range rows {
		rec := row.rec
		rec.Position = event.NewPosition(l.store, place(row))
		log = append(log, rec)
	}
	slices.SortFunc(log, func(a, b event.Record) int {
		_, m := split(a.Position)
		_, n := split(b.Position)
		return cmp.Compare(m, n)
	})
	return log
}

var txFeatures = eventstoretest.Features{
	Interleaved: true,
	Begin: func(tb testing.TB, s eventstore.Store) eventstoretest.Tx {
		l := s.(*txlog)
		tx := l.begin()
		end := func(commit bool) func() error {
			return func() error {
				tx.end(commit)
				return nil
			}
		}
		tb.Cleanup(func() { tx.end(false) })
		return eventstoretest.Tx{Streams: tx, Commit: end(true), Rollback: end(false), Write: func(context.Context) error {
			l.mu.Lock()
			defer l.mu.Unlock()
			tx.write()
			return nil
		}}
	},
	Second: func(_ testing.TB, s eventstore.Store) eventstore.Store {
		return &txlog{s.(*txlog).txdata, s.(*txlog).flaws}
	},
	Reopen: func(_ testing.TB, s eventstore.Store) eventstore.Store {
		return &txlog{s.(*txlog).txdata, s.(*txlog).flaws}
	},
}
