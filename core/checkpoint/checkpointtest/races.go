package checkpointtest

import (
	"errors"
	"sync"

	"github.com/eventsource-go/eventsource/core/checkpoint"
	"github.com/eventsource-go/eventsource/core/event"
)

var raceCases = []scenario{
	{"Race/HighestStays", func(t *trial, s checkpoint.Store) { raceOnOne(t, s, s) }},
	{"Race/ManyNames", raceOnMany},
}

var reopenCases = []scenario{
	{"Reopen/EverythingIsThere", reopenAll},
}

var secondCases = []scenario{
	{"Second/HasTheSameData", secondSees},
	{"Second/HighestStays", func(t *trial, s checkpoint.Store) { raceOnOne(t, s, t.features.Second(t.TB, s)) }},
}

// raceOnOne saves under one name from all sides, by two stores on the same data, round by round.
// Nobody sees it behind what was saved, and after each round the highest is there.
func raceOnOne(t *trial, s, other checkpoint.Store) {
	const savers, rounds = 8, 20
	stores := []checkpoint.Store{s, other}
	for round := range rounds {
		cursors := make(map[event.Position]event.Cursor)
		var highest event.Cursor
		var wg sync.WaitGroup
		start := make(chan struct{})
		for i := range savers {
			highest = t.at(uint64(round*savers + i + 1))
			cursors[highest.Position] = highest
		}
		for pos, cur := range cursors {
			wg.Go(func() {
				store := stores[cur.Event[15]%2]
				<-start
				if err := store.Save(t.Context(), "a", cur); err != nil && !errors.Is(err, checkpoint.ErrBehind) {
					t.Errorf("save at %v: %v", pos, err)
				}
				if got, err := store.Load(t.Context(), "a"); err != nil || got != cursors[got.Position] || behind(got.Position, pos) {
					t.Errorf("after %v was saved, or was behind, it is at %v, %v", cur, got, err)
				}
			})
		}
		close(start)
		wg.Wait()
		t.requireAt(s, "a", highest)
		t.requireAt(other, "a", highest)
	}
}

func behind(p, q event.Position) bool {
	c, err := p.Compare(q)
	return err != nil || c < 0
}

func raceOnMany(t *trial, s checkpoint.Store) {
	const workers, each = 8, 20
	last := make([]event.Cursor, workers)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range each {
				last[w] = t.at(uint64(i + 1))
				if err := s.Save(t.Context(), numbered(w), last[w]); err != nil {
					t.Errorf("save %q: %v", numbered(w), err)
				}
			}
		})
	}
	wg.Wait()
	for w := range workers {
		t.requireAt(s, numbered(w), last[w])
	}
}

func reopenAll(t *trial, s checkpoint.Store) {
	saved := make([]event.Cursor, 5)
	for i := range saved {
		saved[i] = t.at(uint64(i + 1))
		t.save(s, numbered(i), saved[i])
	}
	for range 2 {
		s = t.features.Reopen(t.TB, s)
		for i, cur := range saved {
			t.requireAt(s, numbered(i), cur)
		}
		t.requireRefused(s, numbered(4), t.at(1), checkpoint.ErrBehind)
	}
}

func secondSees(t *trial, s checkpoint.Store) {
	stores := []checkpoint.Store{s, t.features.Second(t.TB, s)}
	for n := range 10 {
		cur := t.at(uint64(n + 1))
		t.save(stores[n%2], "a", cur)
		t.requireAt(stores[(n+1)%2], "a", cur)
		if n > 0 {
			t.requireRefused(stores[(n+1)%2], "a", t.at(uint64(n)), checkpoint.ErrBehind)
		}
	}
}
