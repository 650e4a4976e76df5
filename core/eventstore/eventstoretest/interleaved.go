package eventstoretest

import (
	"fmt"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// interleavedCases are for stores on which several transactions may have appended and be open.
var interleavedCases = []scenario{
	{name: "Interleaved/TwoInEachOrder", run: interleavedTwo},
	{name: "Interleaved/ThreeInEachOrder", run: interleavedThree},
	{name: "Interleaved/SeveralStreams", run: interleavedStreams},
	{name: "Interleaved/RolledBackAtEachStep", run: interleavedRollbacks},
	{name: "Interleaved/WroteElsewhereFirst", run: interleavedWroteFirst},
	{name: "Interleaved/SleeperIsWaitedFor", run: interleavedSleeper},
	{name: "Interleaved/WhatStandsBeforeIsShown", run: interleavedBefore},
	{name: "Interleaved/WhoDoesNotAppendIsNot", run: interleavedForeign},
	{name: "Interleaved/FiltersWaitToo", run: interleavedFilters},
	{name: "Interleaved/ReadersRestart", run: interleavedRestarts},
	{name: "Interleaved/ReadersBegin", run: interleavedBeginners},
	{name: "Interleaved/FeedKeepsStreamOrder", run: interleavedOnOneStream},
	{name: "Interleaved/ManyInTurn", run: interleavedMany},
	{name: "Interleaved/RandomSteps", run: interleavedRandom},
}

// ending is how transactions end: in which order, and which of them by a rollback.
type ending struct {
	order      []int
	rolledBack int // bit i for transaction i
	late       bool
}

func (e ending) String() string {
	text := fmt.Sprintf("ended in the order %v", e.order)
	for i := range e.order {
		if e.rolledBack&(1<<i) != 0 {
			text += fmt.Sprintf(", %d rolled back", i)
		}
	}
	if e.late {
		text += ", having written elsewhere first, in reverse"
	}
	return text
}

// endings are all orders given, with each choice of those that are rolled back. Those that are
// late have written elsewhere before they append, the last one first.
func endings(orders ...[]int) (all []ending) {
	for _, order := range orders {
		for rolledBack := range 1 << len(order) {
			for _, late := range []bool{false, true} {
				all = append(all, ending{order, rolledBack, late})
			}
		}
	}
	return all
}

var (
	ordersOfTwo   = [][]int{{0, 1}, {1, 0}}
	ordersOfThree = [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}}
)

// interleave has transactions append in turns, so that what one appended stands among what the
// others did, and ends them.
func (w *watch) interleave(e ending, turns func(turn, i int) []eventstore.Append) {
	w.Helper()
	w.what = e.String()
	parties := make([]*party, len(e.order))
	for i := range parties {
		parties[i] = w.begin()
		parties[i].tenant = []string{"", "a"}[i%2]
	}
	for i := len(parties) - 1; i >= 0 && e.late; i-- {
		parties[i].write()
	}
	for turn := range 2 {
		for i, p := range parties {
			p.append(turns(turn, i)...)
		}
	}
	for _, i := range e.order {
		if e.rolledBack&(1<<i) != 0 {
			parties[i].rollback()
		} else {
			parties[i].commit()
		}
	}
}

// onOwnStreams has each transaction append two events to a stream of its own in each turn.
func onOwnStreams() func(turn, i int) []eventstore.Append {
	run := event.NewID().String()
	return func(turn, i int) []eventstore.Append {
		stream := event.StreamID{Category: []string{"test", "other"}[i%2], ID: fmt.Sprint(run, i)}
		return []eventstore.Append{to(stream, eventstore.Exactly(event.Version(2*turn)), []string{"x", "y", "z"}[i], "x")}
	}
}

func interleavedTwo(t *trial) {
	s := t.open()
	for _, e := range endings(ordersOfTwo...) {
		w := t.watch(s, everyReader)
		w.interleave(e, onOwnStreams())
		w.finish()
	}
}

func interleavedThree(t *trial) {
	s := t.open()
	for _, e := range endings(ordersOfThree...) {
		w := t.watch(s, fewReaders)
		w.interleave(e, onOwnStreams())
		w.finish()
	}
}

// interleavedStreams: appends to several streams are whole among those of others.
func interleavedStreams(t *trial) {
	s := t.open()
	for _, e := range endings(ordersOfTwo...) {
		w, run := t.watch(s, everyReader), event.NewID().String()
		w.interleave(e, func(turn, i int) []eventstore.Append {
			return []eventstore.Append{
				to(event.StreamID{Category: "test", ID: fmt.Sprint(run, "b", i)}, eventstore.Exactly(event.Version(2*turn)), "x", "y"),
				to(event.StreamID{Category: "other", ID: fmt.Sprint(run, "a", i)}, eventstore.Exactly(event.Version(turn)), "x"),
				to(event.StreamID{Category: "test", ID: fmt.Sprint(run, "a", i)}, eventstore.Exactly(event.Version(3*turn)), "y", "z", "x"),
			}
		})
		w.finish()
	}
}

// interleavedRollbacks rolls one back after each of its steps, while another one proceeds.
func interleavedRollbacks(t *trial) {
	s := t.open()
	steps := []func(p *party, stream event.StreamID){
		func(*party, event.StreamID) {},
		func(p *party, _ event.StreamID) { p.write() },
		func(p *party, stream event.StreamID) { p.append(to(stream, eventstore.NoStream, "x", "y")) },
		func(p *party, stream event.StreamID) { p.append(to(stream, eventstore.Exactly(2), "x")) },
		func(p *party, stream event.StreamID) { p.refused(to(stream, eventstore.Exactly(1), "x")) },
		func(p *party, stream event.StreamID) { p.append(to(stream, eventstore.Exactly(3), "z")) },
	}
	for n := range len(steps) + 1 {
		w := t.watch(s, everyReader)
		w.what = fmt.Sprintf("one rolled back after step %d of %d", n, len(steps))
		lost, other := w.begin(), w.begin()
		mine, theirs := numbered(1000+n), numbered(2000+n)
		for i, step := range steps[:n] {
			step(lost, mine)
			other.append(to(theirs, eventstore.Exactly(event.Version(i)), "y"))
		}
		lost.rollback()
		other.append(to(mine, eventstore.NoStream, "x")) // nothing is left of it
		w.append(to(numbered(3000+n), eventstore.NoStream, "x"))
		other.commit()
		w.finish()
	}
}

// interleavedWroteFirst: which transaction is the older one says nothing about where its events
// are, or when they can be seen.
func interleavedWroteFirst(t *trial) {
	s := t.open()
	for i, ends := range []string{"older commits first", "younger commits first", "older is rolled back", "younger is rolled back"} {
		w := t.watch(s, everyReader)
		w.what = "the " + ends
		older, younger := w.begin(), w.begin()
		older.write()
		younger.write()
		younger.append(to(numbered(10*i), eventstore.NoStream, "x", "y"))
		older.append(to(numbered(10*i+1), eventstore.NoStream, "x", "y"))
		switch i {
		case 0:
			older.commit()
			younger.commit()
		case 1:
			younger.commit()
			older.commit()
		case 2:
			older.rollback()
			younger.commit()
		case 3:
			younger.rollback()
			older.commit()
		}
		w.finish()
	}
}

// interleavedSleeper has a transaction take its place, and sleep while many others come and go.
// However long that takes, it is not given up.
func interleavedSleeper(t *trial) {
	s := t.open()
	for round, wakes := range []bool{true, false} {
		w := t.watch(s, everyReader)
		w.what = "while one sleeps"
		sleeper := w.begin()
		sleeper.append(to(numbered(round), eventstore.NoStream, "x", "y"))
		for i := range 8 {
			p := w.begin()
			p.append(to(two, eventstore.Any, "x"), to(event.StreamID{Category: "other", ID: "1"}, eventstore.Any, "y"))
			if i%3 == 0 {
				p.rollback()
			} else {
				p.commit()
			}
			w.append(to(numbered(5), eventstore.Any, "y"))
		}
		for range 50 {
			w.look("and after a while")
		}
		sleeper.append(to(numbered(round), eventstore.Exactly(2), "z"))
		if wakes {
			sleeper.commit()
		} else {
			sleeper.rollback()
		}
		w.finish()
	}
}

// interleavedBefore: whoever has appended holds up what stands behind it, and nothing before, or
// no reader would get anywhere while writers take turns.
func interleavedBefore(t *trial) {
	w := t.watch(t.open(), everyReader)
	w.what = "while one that came later is open"
	w.look("at first")
	w.blind = true
	w.append(to(one, eventstore.NoStream, "x", "y", "z"))
	before := len(w.stored)
	later := w.begin()
	later.append(to(two, eventstore.NoStream, "x"))
	w.append(to(numbered(5), eventstore.NoStream, "y"))
	w.blind = false
	w.look("when all have appended")
	if tail := w.readers[0]; len(tail.shown) < before {
		t.Errorf("%s, the reader %s was shown %d of the %d events that stand before", w.what, tail.name, len(tail.shown), before)
	}
	later.commit()
	w.finish()
}

// interleavedForeign: whoever has not appended is not waited for, whatever else it does and
// however long.
func interleavedForeign(t *trial) {
	s := t.open()
	w := t.watch(s, everyReader)
	w.what = "while others write elsewhere and read"
	writer, looker, refused, idle := w.begin(), w.begin(), w.begin(), w.begin()
	writer.write()
	t.read(looker.tx.Streams, one, eventstore.ReadQuery{})
	refused.refused(to(one, eventstore.StreamExists, "x"))
	for i := range 4 {
		p := w.begin()
		p.append(to(one, eventstore.Any, "x", "y"))
		if i%2 == 0 {
			p.rollback() // so that there is something to wonder about
		} else {
			p.commit()
		}
		w.append(to(two, eventstore.Any, "x"))
		writer.write()
	}
	for _, p := range []*party{writer, looker, refused} {
		p.commit()
	}
	idle.rollback()
	w.finish()
}

// interleavedFilters: a reader that is shown what one appended has not gone past what another
// one, whose events it may want or not, has yet to commit.
func interleavedFilters(t *trial) {
	s := t.open()
	for i, commits := range []bool{true, false} {
		w := t.watch(s, everyReader)
		w.what = "with filters"
		p := w.begin()
		p.tenant = "a"
		p.append(to(event.StreamID{Category: "other", ID: fmt.Sprint(i)}, eventstore.NoStream, "x"))
		for range 3 {
			w.append(to(two, eventstore.Any, "y")) // by which no place of p's is to be seen
			w.append(to(two, eventstore.Any, "x"))
		}
		p.append(to(event.StreamID{Category: "other", ID: fmt.Sprint(i)}, eventstore.Exactly(1), "y", "x"))
		w.append(to(two, eventstore.Any, "y", "x"))
		if commits {
			p.commit()
		} else {
			p.rollback()
		}
		w.finish()
	}
}
