package eventstoretest

import (
	"fmt"
	"sync"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// interleavedRestarts has a reader that is another process at each step.
func interleavedRestarts(t *trial) {
	s := t.open()
	w := t.watch(s, fewReaders)
	w.restarting(1)
	for _, e := range endings(ordersOfTwo...) {
		w.interleave(e, onOwnStreams())
	}
	w.finish()
}

// interleavedBeginners has readers begin while transactions are open: they know nothing of
// what happened before.
func interleavedBeginners(t *trial) {
	s := t.open()
	w := t.watch(s, fewReaders)
	w.what = "with readers that begin"
	w.append(to(one, eventstore.Any, "x"))
	first, second := w.begin(), w.begin()
	second.append(to(numbered(12), eventstore.NoStream, "x", "y"))
	w.begins()
	first.append(to(numbered(11), eventstore.NoStream, "x", "y"))
	w.begins()
	w.append(to(one, eventstore.Any, "x"))
	first.append(to(numbered(11), eventstore.Exactly(2), "x"))
	w.begins()
	first.commit()
	w.begins()
	third := w.begin()
	third.append(to(numbered(13), eventstore.NoStream, "x"))
	w.append(to(one, eventstore.Any, "x"))
	w.begins()
	second.rollback()
	w.begins()
	third.commit()
	w.begins()
	w.finish()
}

// interleavedOnOneStream has one transaction wait for another on the same stream. Of both, the
// one that existed first has the later versions, and so the later places in the feed.
func interleavedOnOneStream(t *trial) {
	s := t.open()
	for round, commits := range []bool{true, false} {
		w := t.watch(s, everyReader)
		w.what = "on one stream"
		older := w.begin()
		older.write()
		older.append(to(numbered(20+round), eventstore.NoStream, "y"))
		younger := w.begin()
		younger.append(to(one, eventstore.Any, "x", "y"))
		a := to(one, eventstore.Any, "z", "x")
		var waits sync.WaitGroup
		var err error
		waits.Go(func() { _, err = older.tx.Streams.Append(t.Context(), a) })
		// It may have drawn its places by the time that the other one ends, or not: so the look
		// is later.
		w.blind = true
		if commits {
			younger.commit()
		} else {
			younger.rollback()
		}
		if waits.Wait(); err != nil {
			t.Fatalf("an append that had to wait: %v", err)
		}
		w.blind = false
		older.drawn = append(older.drawn, drafted("", []eventstore.Append{a})...)
		older.look("appended after all")
		w.append(to(two, eventstore.Any, "x"))
		older.commit()
		w.append(to(one, eventstore.Any, "x"))
		w.finish()
	}
	requireDense(t, s, one, 8)
}

// interleavedMany has so many transactions that whatever counts them has more digits in the end;
// there are always two that are open.
func interleavedMany(t *trial) {
	s := t.open()
	w := t.watch(s, fewReaders)
	w.what = "with many transactions"
	last := w.begin()
	last.append(to(numbered(0), eventstore.Any, "x"))
	for i := 1; i <= 110; i++ {
		next := w.begin()
		w.blind = i%5 != 0
		next.append(to(numbered(i%7), eventstore.Any, "x", "y"))
		if i%6 == 0 {
			last.rollback()
		} else {
			last.commit()
		}
		last = next
	}
	last.commit()
	w.finish()
}

// interleavedRandom has up to five transactions do anything in any order.
func interleavedRandom(t *trial) {
	s := t.open()
	rnd := t.rand()
	w := t.watch(s, everyReader)
	w.what = "in random steps"
	w.restarting(7)
	var open []*party
	for step := range 150 {
		k := rnd.IntN(len(open) + 1)
		if k == len(open) { // none of those that are open
			switch {
			case rnd.IntN(3) == 0:
				w.append(to(numbered(rnd.IntN(3)), eventstore.Any, "x"), to(event.StreamID{Category: "other", ID: "1"}, eventstore.Any, "y"))
			case len(open) < 5:
				p := w.begin()
				p.tenant = []string{"", "a"}[rnd.IntN(2)]
				open = append(open, p)
			}
			continue
		}
		p := open[k]
		own := event.StreamID{Category: []string{"test", "other"}[p.n%2], ID: fmt.Sprint("of", p.n)}
		switch rnd.IntN(8) {
		case 0:
			p.write()
		case 1:
			p.refused(to(own, eventstore.Exactly(1<<40), "x"))
		case 2, 3, 4, 5:
			p.append(to(own, eventstore.Any, []string{"x", "y", "z"}[step%3], "x"))
		case 6:
			p.commit()
			open = append(open[:k], open[k+1:]...)
		case 7:
			p.rollback()
			open = append(open[:k], open[k+1:]...)
		}
	}
	for _, p := range open {
		p.commit()
	}
	w.finish()
}
