package feedload_test

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/eventsource-go/eventsource/core/event"
)

// ledger is what every writer did: what there should be, and what should not.
type ledger struct {
	began time.Time
	books []*book
}

// book is what one writer did, by the sequence numbers in the ids of its events.
type book struct {
	writer  int
	entries []entry
	dead    []hole // that were rolled back
}

// hole is where positions were drawn for nothing, and when it was known that they were.
type hole struct {
	position int64 // of the first
	ended    time.Duration
}

// entry is what became of one event.
type entry struct {
	committed     bool
	phase         int
	called, acked time.Duration // of the call that stored it, since the ledger began
}

func newLedger(writers int) *ledger {
	l := &ledger{began: time.Now()}
	for w := range writers {
		l.books = append(l.books, &book{writer: w})
	}
	return l
}

func (l *ledger) now() time.Duration { return time.Since(l.began) }

// idOf returns the id of an event by who wrote it and as which one.
func idOf(writer, n int) (id event.ID) {
	id[0], id[1] = 0xfe, 0xed
	binary.BigEndian.PutUint16(id[4:], uint16(writer))
	binary.BigEndian.PutUint64(id[8:], uint64(n))
	return id
}

// place is the inverse of idOf.
func place(id event.ID) (writer, n int) {
	return int(binary.BigEndian.Uint16(id[4:])), int(binary.BigEndian.Uint64(id[8:]))
}

// types of events; every third one is of the type that a reader with a filter asks for.
var types = []string{"load.a", "load.b", "load.c"}

const filtered = "load.b"

func typeOf(n int) string { return types[n%len(types)] }

// drafts makes events and enters them; until commit says otherwise they are not there.
func (b *book) drafts(n int) (drafts []event.Draft) {
	first := b.len()
	for i := first; i < first+n; i++ {
		b.entries = append(b.entries, entry{})
		drafts = append(drafts, event.Draft{
			ID: idOf(b.writer, i), Type: typeOf(i), Schema: 1, Data: fmt.Appendf(nil, `{"writer":%d,"n":%d,"note":"as long as a small event is in practice"}`, b.writer, i),
		})
	}
	return drafts
}

// len returns the number of the next event.
func (b *book) len() int { return len(b.entries) }

// commit enters that n events from first on were stored.
func (b *book) commit(first, n, phase int, called, acked time.Duration) {
	for i := first; i < first+n; i++ {
		b.entries[i] = entry{committed: true, phase: phase, called: called, acked: acked}
	}
}

// at returns the entry of an event, nil if nobody wrote it.
func (l *ledger) at(id event.ID) *entry {
	w, n := place(id)
	if w >= len(l.books) || n >= len(l.books[w].entries) || id != idOf(w, n) {
		return nil
	}
	return &l.books[w].entries[n]
}

// counts returns how many events were committed and rolled back.
func (l *ledger) counts() (committed, rolledBack int) {
	for _, b := range l.books {
		for i := range b.entries {
			if b.entries[i].committed {
				committed++
			} else {
				rolledBack++
			}
		}
	}
	return committed, rolledBack
}
