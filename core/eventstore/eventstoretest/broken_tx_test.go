package eventstoretest_test

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/eventstore/eventstoretest"
)

type brokenTx struct {
	name   string
	by     []string // the cases that must notice, each by itself
	passes []string // those that must not: else it would be rejected for something else
	flaws  txflaws
}

// lastShown has what a log showed when nobody was open.
var lastShown sync.Map // of *txlog to []event.Record

// brokenTxs are stores with transactions that break one promise. Their feeds are those that have
// been built, and believed to be right.
var brokenTxs = []brokenTx{
	{name: "a transaction that does not see what it wrote", by: []string{"Tx/ReadsItsOwnWrites"}, flaws: txflaws{forgetful: true}},
	{name: "streams that show what is not committed", by: []string{"Tx/NobodyElseReadsThem"}, flaws: txflaws{dirty: true}},
	{name: "a rollback that keeps what was appended", by: []string{"Tx/RolledBackAtEachStep", "Interleaved/RolledBackAtEachStep"}, flaws: txflaws{kept: true}},
	{name: "a refused append that ends the transaction", by: []string{"Tx/RefusedAppendLeavesItAlive"}, flaws: txflaws{brittle: true}},
	{name: "ids that are taken though they were rolled back", by: []string{"Tx/SentAgain"}, flaws: txflaws{remembering: true}},
	{
		name: "feed by stream", by: []string{"Tx/FeedShowsItWhole"}, passes: []string{"Interleaved/TwoInEachOrder"},
		flaws: txflaws{feed: byStream},
	},
	{
		name: "feed that shows uncommitted", by: []string{"Tx/NobodyElseReadsThem", "Tx/WroteElsewhereFirst", "Interleaved/TwoInEachOrder"},
		flaws: txflaws{feed: func(l *txlog, _ eventstore.FeedQuery) ([]event.Record, bool) {
			return l.sorted(only(l.rows, func(row *txrow) bool { return row.by.committed || l.open[row.by] }), drawn), false
		}},
	},
	{
		name: "feed that waits at every hole", by: []string{"Tx/RolledBackAtEachStep", "Interleaved/RolledBackAtEachStep"}, passes: []string{"Tx/FeedShowsItWhole"},
		flaws: txflaws{feed: func(l *txlog, _ eventstore.FeedQuery) (log []event.Record, stalled bool) {
			for i, row := range l.rows {
				if !row.by.committed {
					return log, slices.ContainsFunc(l.rows[i:], func(row *txrow) bool { return row.by.committed })
				}
				log = append(log, row.rec)
			}
			return log, false
		}},
	},
	{
		name: "feed that waits for whoever writes", by: []string{"Tx/WroteElsewhereOnly", "Interleaved/WhoDoesNotAppendIsNot"}, passes: []string{"Tx/FeedShowsItWhole"},
		flaws: txflaws{feed: func(l *txlog, q eventstore.FeedQuery) ([]event.Record, bool) {
			log, stalled := fenced(l, q)
			return log, stalled || l.oldest() < math.MaxInt
		}},
	},
	{
		name: "feed that stands while anybody is open who has appended", by: []string{"Interleaved/WhatStandsBeforeIsShown"},
		passes: []string{"Interleaved/TwoInEachOrder", "Interleaved/SleeperIsWaitedFor", "Interleaved/WhoDoesNotAppendIsNot"},
		flaws: txflaws{feed: func(l *txlog, q eventstore.FeedQuery) ([]event.Record, bool) {
			if slices.ContainsFunc(l.rows, func(row *txrow) bool { return l.open[row.by] }) {
				last, _ := lastShown.Load(l)
				log, _ := last.([]event.Record)
				return log, true
			}
			log, stalled := fenced(l, q)
			lastShown.Store(l, log)
			return log, stalled
		}},
	},
	{
		name: "naive feed", by: []string{
			"Interleaved/TwoInEachOrder", "Interleaved/ThreeInEachOrder", "Interleaved/SeveralStreams", "Interleaved/SleeperIsWaitedFor", "Interleaved/FiltersWaitToo", "Interleaved/RandomSteps",
		}, passes: []string{"Tx/FeedShowsItWhole", "Tx/WroteElsewhereFirst", "Interleaved/WhoDoesNotAppendIsNot"},
		flaws: txflaws{feed: func(l *txlog, _ eventstore.FeedQuery) ([]event.Record, bool) {
			return l.upTo(func(*txrow) bool { return false })
		}},
	},
	{
		name: "feed that gives up on who sleeps", by: []string{"Interleaved/SleeperIsWaitedFor"}, passes: []string{"Interleaved/TwoInEachOrder"},
		flaws: txflaws{feed: func(l *txlog, _ eventstore.FeedQuery) ([]event.Record, bool) {
			return l.upTo(func(row *txrow) bool {
				l.looks[row.by]++
				return l.looks[row.by] < 400
			})
		}},
	},
	{
		name: "filters that wait for what they want", by: []string{"Interleaved/FiltersWaitToo", "Interleaved/TwoInEachOrder"}, passes: []string{"Interleaved/WhoDoesNotAppendIsNot"},
		flaws: txflaws{feed: func(l *txlog, q eventstore.FeedQuery) ([]event.Record, bool) {
			return l.upTo(func(row *txrow) bool { return wanted(q, row.rec) })
		}},
	},
	{
		name: "feed that knows its own process's transactions", by: []string{"Interleaved/ReadersRestart", "Interleaved/ReadersBegin"}, passes: []string{"Interleaved/TwoInEachOrder", "Interleaved/SleeperIsWaitedFor"},
		flaws: txflaws{feed: func(l *txlog, _ eventstore.FeedQuery) ([]event.Record, bool) {
			return l.upTo(func(row *txrow) bool { return row.by.log == l })
		}},
	},
	{
		name: "by position, of transactions older than any that is open", by: []string{"Interleaved/WroteElsewhereFirst", "Interleaved/TwoInEachOrder"}, passes: []string{"Tx/FeedShowsItWhole", "Tx/WroteElsewhereFirst"},
		flaws: txflaws{feed: older(drawn)},
	},
	{
		name: "by transaction id", by: []string{"Interleaved/FeedKeepsStreamOrder", "Interleaved/WhoDoesNotAppendIsNot"}, passes: []string{"Interleaved/TwoInEachOrder", "Interleaved/WroteElsewhereFirst", "Interleaved/ManyInTurn"},
		flaws: txflaws{feed: older(func(row *txrow) uint64 { return uint64(row.by.number)<<32 + drawn(row) })},
	},
	{
		name: "by transaction id, as a text", by: []string{"Interleaved/ManyInTurn"}, passes: []string{"Interleaved/WroteElsewhereFirst"},
		flaws: txflaws{feed: older(func(row *txrow) uint64 {
			text := strconv.Itoa(row.by.number)
			n, _ := strconv.ParseUint(text+strings.Repeat("0", 7-len(text))+strconv.Itoa(len(text)), 10, 64)
			return n<<32 + drawn(row)
		})},
	},
}

func wanted(q eventstore.FeedQuery, rec event.Record) bool {
	return len(pageOf([]event.Record{rec}, eventstore.FeedQuery{Types: q.Types, Categories: q.Categories, Tenant: q.Tenant, Limit: 1}).Records) > 0
}

func only(rows []*txrow, keep func(row *txrow) bool) []*txrow {
	return slices.DeleteFunc(slices.Clone(rows), func(row *txrow) bool { return !keep(row) })
}

// drawn is the place of a row by its position.
func drawn(row *txrow) uint64 {
	_, n := split(row.rec.Position)
	return n
}

// oldest returns the lowest number of those who are open.
func (l *txlog) oldest() int {
	oldest := math.MaxInt
	for tx := range l.open {
		if tx.number > 0 {
			oldest = min(oldest, tx.number)
		}
	}
	return oldest
}

// older is a feed of the transactions that are older than any that is open, in some order.
func older(place func(row *txrow) uint64) func(l *txlog, q eventstore.FeedQuery) ([]event.Record, bool) {
	return func(l *txlog, _ eventstore.FeedQuery) ([]event.Record, bool) {
		all := only(l.rows, func(row *txrow) bool { return row.by.committed })
		visible := only(all, func(row *txrow) bool { return row.by.number < l.oldest() })
		return l.sorted(visible, place), len(visible) < len(all)
	}
}

// byStream is a feed that has the events of each transaction by stream.
func byStream(l *txlog, q eventstore.FeedQuery) ([]event.Record, bool) {
	log, stalled := fenced(l, q)
	by := make(map[event.ID]*txn)
	for _, row := range l.rows {
		by[row.rec.ID] = row.by
	}
	for start, end := 0, 0; start < len(log); start = end {
		for end = start; end < len(log) && by[log[end].ID] == by[log[start].ID]; end++ {
		}
		places := make([]event.Position, 0, end-start)
		for _, rec := range log[start:end] {
			places = append(places, rec.Position)
		}
		slices.SortStableFunc(log[start:end], func(a, b event.Record) int {
			return strings.Compare(fmt.Sprint(a.Metadata.Tenant, a.Stream), fmt.Sprint(b.Metadata.Tenant, b.Stream))
		})
		for i, p := range places {
			log[start+i].Position = p
		}
	}
	return log, stalled
}

// txCases are the cases about transactions.
func txCases() (cases []eventstoretest.Case) {
	for _, c := range eventstoretest.Cases(txFeatures) {
		if strings.HasPrefix(c.Name, "Tx/") || strings.HasPrefix(c.Name, "Interleaved/") {
			cases = append(cases, c)
		}
	}
	return cases
}

func TestSoundTransactionsPass(t *testing.T) {
	cases := txCases()
	if len(cases) == 0 {
		t.Fatal("there are none")
	}
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			c.Run(t, func(testing.TB, eventstoretest.Options) eventstore.Store { return newTxlog(txflaws{}) })
		})
	}
}

func TestBrokenTransactionsAreRejected(t *testing.T) {
	eventstoretest.Impatient(t)
	cases := txCases()
	for _, b := range brokenTxs {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			open := func(testing.TB, eventstoretest.Options) eventstore.Store { return newTxlog(b.flaws) }
			for _, name := range b.by {
				requireRejected(t, open, cases, name)
			}
			for _, name := range b.passes {
				requireAccepted(t, open, cases, name)
			}
		})
	}
	for _, c := range cases {
		if !slices.ContainsFunc(brokenTxs, func(b brokenTx) bool { return slices.Contains(b.by, c.Name) }) {
			t.Errorf("%s is meant for no broken store, so it may be of no use", c.Name)
		}
	}
}
