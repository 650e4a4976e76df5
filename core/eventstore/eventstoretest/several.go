package eventstoretest

import (
	"errors"
	"fmt"
	"slices"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

var severalCases = []scenario{
	{name: "Several/ResultsInOrderOfAppends", run: severalResults},
	{name: "Several/EachItsOwnExpectation", run: severalExpectations},
	{name: "Several/OneRefusedNoneStored", run: severalAllOrNone},
	{name: "Several/FeedShowsThemInOrder", run: severalInFeed},
	{name: "Several/HundredStreams", run: severalHundred},
}

func severalResults(t *trial) {
	s := t.open()
	t.append(s, to(two, eventstore.NoStream, "a"))
	appends := []eventstore.Append{
		to(numbered(9), eventstore.NoStream, "a"), to(two, eventstore.Exactly(1), "b", "c"), to(one, eventstore.Any, "d", "e", "f"),
	}
	results := t.append(s, appends...)
	for i, head := range []event.Version{0, 1, 0} {
		requirePlaces(t, s, appends[i].Stream, head, i+1, results[i])
	}
}

func severalExpectations(t *trial) {
	s := t.open()
	for i := range 4 {
		t.append(s, to(numbered(i), eventstore.NoStream, "a"))
	}
	results := t.append(s,
		to(numbered(0), eventstore.Exactly(1), "b"), to(numbered(1), eventstore.StreamExists, "b"),
		to(numbered(2), eventstore.Any, "b"), to(numbered(4), eventstore.NoStream, "b"), to(numbered(5), eventstore.Any, "b"))
	for i, want := range []event.Version{2, 2, 2, 1, 1} {
		if results[i].Version != want {
			t.Errorf("append %d ends at version %d, want %d", i, results[i].Version, want)
		}
	}
}

// severalAllOrNone spoils each of four appends in each way.
func severalAllOrNone(t *trial) {
	s := t.open()
	stored := to(numbered(100), eventstore.NoStream, "a")
	t.append(s, stored)
	for i := range 4 {
		t.append(s, closing(to(numbered(200+i), eventstore.NoStream, "a")))
		t.append(s, to(numbered(300+i), eventstore.NoStream, "a"))
	}
	for _, c := range []struct {
		name  string
		spoil func(a *eventstore.Append, i int)
		want  error
	}{
		{"a conflict", func(a *eventstore.Append, _ int) { a.Expect = eventstore.Exactly(7) }, eventstore.ErrConflict},
		{"a stream that exists", func(a *eventstore.Append, i int) { a.Stream, a.Expect = numbered(300+i), eventstore.NoStream }, eventstore.ErrConflict},
		{"a closed stream", func(a *eventstore.Append, i int) { a.Stream = numbered(200 + i) }, eventstore.ErrStreamClosed},
		{"a taken id", func(a *eventstore.Append, _ int) { a.Events[1].ID = stored.Events[0].ID }, eventstore.ErrDuplicateEvent},
		{"an event that is no JSON", func(a *eventstore.Append, _ int) { a.Events[1].Data = []byte("{") }, eventstore.ErrInvalidAppend},
	} {
		for k := range 4 {
			appends := make([]eventstore.Append, 4)
			for i := range appends {
				appends[i] = to(numbered(i), eventstore.Any, "a", "b")
			}
			c.spoil(&appends[k], k)
			t.requireUnchanged(s, fmt.Sprintf("%s in append %d of 4", c.name, k+1), func() {
				if results, err := s.Append(t.Context(), appends...); !errors.Is(err, c.want) {
					t.Errorf("%s in append %d of 4: %v, %v", c.name, k+1, results, err)
				}
			})
		}
	}
}

func severalInFeed(t *trial) {
	s := t.open()
	var want []event.ID
	for range 3 {
		appends := []eventstore.Append{to(two, eventstore.Any, "a", "b"), to(one, eventstore.Any, "c"), to(numbered(3), eventstore.Any, "d", "e")}
		t.append(s, appends...)
		for _, a := range appends {
			for _, d := range a.Events {
				want = append(want, d.ID)
			}
		}
	}
	var got []event.ID
	for _, rec := range t.readAll(s) {
		got = append(got, rec.ID)
	}
	if !slices.Equal(got, want) {
		t.Errorf("the feed shows\n%v, appended were\n%v", got, want)
	}
}

func severalHundred(t *trial) {
	s := t.open()
	appends := make([]eventstore.Append, 100)
	for i := range appends {
		appends[i] = many(numbered(i), eventstore.NoStream, 1+i%3)
	}
	for i, res := range t.append(s, appends...) {
		requirePlaces(t, s, numbered(i), 0, 1+i%3, res)
	}
}
