package feedload_test

import (
	"slices"
	"testing"
	"time"

	"github.com/eventsource-go/eventsource/core/event"
)

// sight is one event as a reader saw it.
type sight struct {
	id       event.ID
	position int64
	stream   event.StreamID
	version  event.Version
	at       time.Duration // since the ledger began
}

// verdict is what is wrong with what a reader saw.
type verdict struct {
	Shown         int
	Lost          int // committed, and never shown
	Phantoms      int // shown, and not committed
	Doubled       int // shown again
	OutOfOrder    int // shown after a later one of its stream
	OutOfPosition int // shown after one with a higher position
}

func (v verdict) sound() bool {
	return v.Lost+v.Phantoms+v.Doubled+v.OutOfOrder+v.OutOfPosition == 0
}

// judge compares what a reader saw with what it should have seen: everything committed that is
// wanted, once, in the order of positions and of each stream.
func judge(l *ledger, wanted func(n int) bool, seen []sight) verdict {
	v := verdict{Shown: len(seen)}
	shown := make([][]bool, len(l.books))
	for w, b := range l.books {
		shown[w] = make([]bool, len(b.entries))
	}
	versions, last := make(map[event.StreamID]event.Version), int64(0)
	for i := range seen {
		s := &seen[i]
		w, n := place(s.id)
		if e := l.at(s.id); e == nil || !e.committed || !wanted(n) {
			v.Phantoms++
			continue
		}
		if shown[w][n] {
			v.Doubled++
		}
		shown[w][n] = true
		if s.version <= versions[s.stream] {
			v.OutOfOrder++
		}
		if s.position <= last {
			v.OutOfPosition++
		}
		versions[s.stream], last = max(versions[s.stream], s.version), max(last, s.position)
	}
	for w, b := range l.books {
		for n := range b.entries {
			if b.entries[n].committed && wanted(n) && !shown[w][n] {
				v.Lost++
			}
		}
	}
	return v
}

func all(int) bool { return true }

func onlyFiltered(n int) bool { return typeOf(n) == filtered }

// againstTime counts the events that stand before one whose append was acknowledged before theirs
// was called.
func againstTime(l *ledger, seen []sight) (n int) {
	byPosition := slices.Clone(seen)
	slices.SortFunc(byPosition, func(a, b sight) int { return int(a.position - b.position) })
	earliest := time.Duration(1<<63 - 1) // acknowledgement of what stands later
	for _, s := range slices.Backward(byPosition) {
		e := l.at(s.id)
		if e == nil {
			continue
		}
		if earliest < e.called {
			n++
		}
		earliest = min(earliest, e.acked)
	}
	return n
}

// The judgement is only as good as what it finds.
func TestJudge(t *testing.T) {
	l := newLedger(2)
	for _, b := range l.books {
		b.drafts(3)
		b.commit(0, 3, 1, time.Second, 2*time.Second)
		b.drafts(1) // rolled back
	}
	l.books[1].entries[0].called, l.books[1].entries[0].acked = 3*time.Second, 4*time.Second
	see := func(order ...[2]int) (seen []sight) { // writer and number; each writer has a stream
		for i, o := range order {
			seen = append(seen, sight{
				id: idOf(o[0], o[1]), position: int64(i + 1), stream: event.StreamID{Category: "w", ID: string(rune('0' + o[0]))},
				version: event.Version(o[1] + 1), at: 5 * time.Second,
			})
		}
		return seen
	}
	whole := [][2]int{{0, 0}, {0, 1}, {1, 0}, {0, 2}, {1, 1}, {1, 2}}
	for name, c := range map[string]struct {
		seen []sight
		want verdict
	}{
		"sound":              {see(whole...), verdict{Shown: 6}},
		"lost":               {see(whole[1:]...), verdict{Shown: 5, Lost: 1}},
		"lost at the end":    {see(whole[:5]...), verdict{Shown: 5, Lost: 1}},
		"rolled back":        {see(append(whole[:6:6], [2]int{0, 3})...), verdict{Shown: 7, Phantoms: 1}},
		"never written":      {see(append(whole[:6:6], [2]int{0, 4})...), verdict{Shown: 7, Phantoms: 1}},
		"by nobody":          {see(append(whole[:6:6], [2]int{2, 0})...), verdict{Shown: 7, Phantoms: 1}},
		"doubled":            {see(append(whole[:6:6], [2]int{1, 2})...), verdict{Shown: 7, Doubled: 1, OutOfOrder: 1}},
		"out of order":       {see([2]int{0, 1}, [2]int{0, 0}, [2]int{1, 0}, [2]int{0, 2}, [2]int{1, 1}, [2]int{1, 2}), verdict{Shown: 6, OutOfOrder: 1}},
		"nothing of a whole": {nil, verdict{Lost: 6}},
	} {
		if got := judge(l, all, c.seen); got != c.want || got.sound() != (name == "sound") {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
	jumbled := see(whole...)
	jumbled[0].position, jumbled[1].position = 2, 1
	if got := judge(l, all, jumbled); got != (verdict{Shown: 6, OutOfPosition: 1}) {
		t.Errorf("positions that go back: %+v", got)
	}
	if got := judge(l, onlyFiltered, see([2]int{0, 1}, [2]int{1, 1})); got != (verdict{Shown: 2}) {
		t.Errorf("with a filter: %+v", got)
	}
	if got := judge(l, onlyFiltered, see([2]int{0, 1}, [2]int{1, 1}, [2]int{1, 2})); got != (verdict{Shown: 3, Phantoms: 1}) {
		t.Errorf("one that the filter leaves out: %+v", got)
	}
	// Writer 1 called for its first event after all others were acknowledged.
	if n := againstTime(l, see(whole...)); n != 1 {
		t.Errorf("%d events stand against time, want the one of writer 1", n)
	}
	if n := againstTime(l, see([2]int{0, 0}, [2]int{0, 1}, [2]int{0, 2}, [2]int{1, 1}, [2]int{1, 2}, [2]int{1, 0})); n != 0 {
		t.Errorf("%d events stand against time, want none", n)
	}
}
