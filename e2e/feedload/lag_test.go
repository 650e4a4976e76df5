package feedload_test

import (
	"slices"
	"testing"
	"time"
)

// lag is how long after they could be shown events were shown.
type lag struct {
	Events         int
	P50, P99, Most time.Duration
}

func newLag(lags []time.Duration) lag {
	if len(lags) == 0 {
		return lag{}
	}
	slices.Sort(lags)
	at := func(percent int) time.Duration { return lags[(len(lags)-1)*percent/100].Round(100 * time.Microsecond) }
	return lag{Events: len(lags), P50: at(50), P99: at(99), Most: at(100)}
}

// lagsOf measures the events of a phase that a reader saw: from when their own commit was
// acknowledged, and from when besides nobody was left who had drawn an earlier position and had not
// come to an end, for which every feed that loses nothing has to wait. What is shown before its
// writer hears of the commit has no lag.
func lagsOf(l *ledger, phase int, seen []sight) (committed, due lag) {
	ends := make([]hole, 0, len(seen))
	for _, b := range l.books {
		ends = append(ends, b.dead...)
	}
	for _, s := range seen {
		if e := l.at(s.id); e != nil && e.committed {
			ends = append(ends, hole{s.position, e.acked})
		}
	}
	slices.SortFunc(ends, func(a, b hole) int { return int(a.position - b.position) })
	var sinceCommitted, sinceDue []time.Duration
	at, ready := 0, time.Duration(0)
	for _, s := range seen { // in the order of positions
		for ; at < len(ends) && ends[at].position <= s.position; at++ {
			ready = max(ready, ends[at].ended)
		}
		if e := l.at(s.id); e != nil && e.committed && e.phase == phase {
			sinceCommitted = append(sinceCommitted, max(0, s.at-e.acked))
			sinceDue = append(sinceDue, max(0, s.at-ready))
		}
	}
	return newLag(sinceCommitted), newLag(sinceDue)
}

func TestLags(t *testing.T) {
	l := newLedger(2)
	first, second := l.books[0], l.books[1]
	first.drafts(2)
	first.commit(0, 1, 1, 0, 1*time.Second)
	first.commit(1, 1, 1, 0, 2*time.Second)
	second.drafts(1)
	second.commit(0, 1, 2, 0, 3*time.Second)
	second.dead = []hole{{position: 2, ended: 4 * time.Second}}
	seen := []sight{
		{id: idOf(0, 0), position: 1, at: 1500 * time.Millisecond},
		{id: idOf(0, 1), position: 3, at: 5 * time.Second}, // behind the one that was rolled back
		{id: idOf(1, 0), position: 4, at: 2 * time.Second}, // before its writer was told
	}
	committed, due := lagsOf(l, 1, seen)
	if want := (lag{Events: 2, P50: 500 * time.Millisecond, P99: 500 * time.Millisecond, Most: 3 * time.Second}); committed != want {
		t.Errorf("since they were committed: %+v, want %+v", committed, want)
	}
	if want := (lag{Events: 2, P50: 500 * time.Millisecond, P99: 500 * time.Millisecond, Most: 1 * time.Second}); due != want {
		t.Errorf("since they were due: %+v, want %+v", due, want)
	}
	if committed, due = lagsOf(l, 2, seen); committed != (lag{Events: 1}) || due != (lag{Events: 1}) {
		t.Errorf("of what was shown early: %+v, %+v", committed, due)
	}
}
