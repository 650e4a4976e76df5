package eventstoretest

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

var raceCases = []scenario{
	{name: "Race/OneCreates", run: raceToCreate},
	{name: "Race/OneWinnerPerVersion", run: raceForVersions},
	{name: "Race/AnyNeverConflicts", run: raceOfAny},
	{name: "Race/ExistsNeverConflicts", run: raceOfExists},
	{name: "Race/SeveralStreamsAnyOrder", run: raceOverStreams},
	{name: "Race/OneCloses", run: raceToClose},
}

const racers = 64

// requireDense fails unless stream holds versions 1 to n, each event once.
func requireDense(t *trial, s eventstore.Store, stream event.StreamID, n int) {
	t.Helper()
	ids := make(map[event.ID]bool)
	recs := t.read(s, stream, eventstore.ReadQuery{})
	for i, rec := range recs {
		if rec.Version != event.Version(i+1) || ids[rec.ID] {
			t.Fatalf("%s: version %d of %s at place %d", stream, rec.Version, rec.ID, i+1)
		}
		ids[rec.ID] = true
	}
	if len(recs) != n {
		t.Errorf("%s: %d events, want %d", stream, len(recs), n)
	}
}

func raceToCreate(t *trial) {
	s := t.open()
	for round := range 4 {
		raceAt(t, func(int) eventstore.Store { return s }, numbered(round), 0)
	}
}

func raceForVersions(t *trial) {
	s := t.open()
	for v := range 8 {
		raceAt(t, func(int) eventstore.Store { return s }, one, event.Version(2*v))
	}
	requireDense(t, s, one, 16)
}

// raceAt lets all append two events expecting stream to be at v, and fails unless one wins and
// the others are told of the version that the winner left.
func raceAt(t *trial, store func(i int) eventstore.Store, stream event.StreamID, v event.Version) {
	t.Helper()
	var winner atomic.Int32
	together(racers, func(i int) {
		res, err := store(i).Append(t.Context(), to(stream, eventstore.Exactly(v), fmt.Sprint("by", i), "b"))
		if err == nil {
			if winner.Swap(int32(i+1)) != 0 {
				t.Errorf("two appends won at version %d", v)
			}
			if len(res) != 1 || res[0].Version != v+2 {
				t.Errorf("the winner at version %d is told %+v", v, res)
			}
			return
		}
		conflict, ok := errors.AsType[*eventstore.ConflictError](err)
		if !ok || conflict.Actual != v+2 || conflict.Stream != stream || conflict.Expected != eventstore.Exactly(v) {
			t.Errorf("a loser at version %d is told: %v", v, err)
		}
	})
	n := winner.Load()
	if n == 0 {
		t.Fatalf("nobody won at version %d", v)
	}
	recs := t.read(store(0), stream, eventstore.ReadQuery{After: v})
	if len(recs) != 2 || recs[0].Type != fmt.Sprint("by", n-1) {
		t.Errorf("after version %d there is %s, the winner was %d", v, brief(recs), n-1)
	}
}

func raceOfAny(t *trial) {
	s := t.open()
	raceWithout(t, s, eventstore.Any, 0)
}

func raceOfExists(t *trial) {
	s := t.open()
	t.append(s, to(one, eventstore.NoStream, "a"))
	raceWithout(t, s, eventstore.StreamExists, 1)
}

// raceWithout lets all append to one, which is at version head, with an expectation that holds.
func raceWithout(t *trial, s eventstore.Store, expect eventstore.Expectation, head int) {
	t.Helper()
	const each = 3
	taken := make([]atomic.Bool, head+racers*each*2+1)
	together(racers, func(int) {
		for range each {
			a := to(one, expect, "a", "b")
			res, err := s.Append(t.Context(), a)
			if err != nil || len(res) != 1 || int(res[0].Version) >= len(taken) {
				t.Errorf("append expecting %v: %v, %v", expect, res, err)
				return
			}
			if taken[res[0].Version].Swap(true) {
				t.Errorf("two appends were told version %d", res[0].Version)
			}
			recs, err := eventstore.Collect(s.Read(t.Context(), one, eventstore.ReadQuery{After: res[0].Version - 2, UpTo: res[0].Version}))
			if err != nil || len(recs) != 2 || recs[0].ID != a.Events[0].ID || recs[1].ID != a.Events[1].ID {
				t.Errorf("what was stored up to version %d is not there: %s, %v", res[0].Version, brief(recs), err)
			}
		}
	})
	requireDense(t, s, one, len(taken)-1)
}

// raceOverStreams makes appends over two streams meet from both sides, as deadlocks need it.
func raceOverStreams(t *trial) {
	s := t.open()
	const each = 6
	together(16, func(i int) {
		for range each {
			appends := []eventstore.Append{to(one, eventstore.Any, "a"), to(two, eventstore.Any, "b", "c")}
			if i%2 == 1 {
				appends[0], appends[1] = appends[1], appends[0]
			}
			if _, err := s.Append(t.Context(), appends...); err != nil {
				t.Error(err)
			}
		}
	})
	requireDense(t, s, one, 16*each)
	requireDense(t, s, two, 2*16*each)
}

func raceToClose(t *trial) {
	s := t.open()
	var closed, appended atomic.Int32
	together(16, func(i int) {
		a := to(one, eventstore.Any, "a")
		if i%2 == 1 {
			a = closing(a)
		}
		switch _, err := s.Append(t.Context(), a); {
		case err == nil && a.Close:
			closed.Add(1)
			appended.Add(1)
		case err == nil:
			appended.Add(1)
		case !errors.Is(err, eventstore.ErrStreamClosed):
			t.Error(err)
		}
	})
	if n := closed.Load(); n != 1 {
		t.Errorf("%d appends closed the stream", n)
	}
	requireDense(t, s, one, int(appended.Load()))
}
