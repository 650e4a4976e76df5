package eventstoretest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

var replayCases = []scenario{
	{name: "Replay/InEveryExpectation", run: replayExpecting},
	{name: "Replay/LongAfter", run: replayLongAfter},
	{name: "Replay/SeveralStreams", run: replaySeveral},
	{name: "Replay/WithClosing", run: replayClosing},
	{name: "Replay/OtherContentIsRefused", run: replayChanged},
	{name: "Replay/OtherStampsAreNoContent", run: replayStamps},
	{name: "Replay/OtherOrderIsRefused", run: replayReordered},
	{name: "Replay/PartlyStoredIsRefused", run: replayPartly},
	{name: "Replay/IDOfAnotherTenant", run: replayTenants},
	{name: "Replay/OneOfManyStores", run: replayRaced},
}

// sentAgain sends appends once more and fails unless the answer is first, and nothing is stored.
func sentAgain(t *trial, s eventstore.Store, what string, first []eventstore.AppendResult, appends ...eventstore.Append) {
	t.Helper()
	want := slices.Clone(first)
	for i := range want {
		want[i].Replayed = true
	}
	t.requireUnchanged(s, what, func() {
		got, err := s.Append(t.Context(), appends...)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %+v, %v; want %+v", what, got, err, want)
		}
	})
}

// requireDuplicate fails unless s refuses appends because of an id that is taken in stream.
func requireDuplicate(t *trial, s eventstore.Store, what string, id event.ID, stream event.StreamID, appends ...eventstore.Append) {
	t.Helper()
	t.requireUnchanged(s, what, func() {
		results, err := s.Append(t.Context(), appends...)
		dup, ok := errors.AsType[*eventstore.DuplicateEventError](err)
		switch {
		case !ok || !errors.Is(err, eventstore.ErrDuplicateEvent):
			t.Errorf("%s: %+v, %v", what, results, err)
		case id != (event.ID{}) && dup.ID != id || dup.Stream != stream:
			t.Errorf("%s: blames %s in %q, want %s in %q", what, dup.ID, dup.Stream, id, stream)
		}
	})
}

func replayExpecting(t *trial) {
	s := t.open()
	for i, expect := range expectations {
		stream := numbered(i)
		if expect == eventstore.Exactly(1) || expect == eventstore.StreamExists {
			t.append(s, to(stream, eventstore.NoStream, "first"))
		}
		a := to(stream, expect, "a", "b")
		first := t.append(s, a)
		for _, a.Expect = range append(expectations, eventstore.Exactly(99)) {
			sentAgain(t, s, fmt.Sprintf("stored expecting %v, sent again expecting %v", expect, a.Expect), first, a)
		}
	}
}

func replayLongAfter(t *trial) {
	s := t.open()
	a := to(one, eventstore.NoStream, "a", "b")
	first := t.append(s, a)
	for range 20 {
		t.append(s, many(one, eventstore.StreamExists, 30), many(two, eventstore.Any, 30))
	}
	sentAgain(t, s, "after many others", first, a)
	t.append(s, closing(to(one, eventstore.Any)))
	sentAgain(t, s, "after the stream was closed", first, a)
	for range 5 {
		sentAgain(t, s, "again and again", first, a)
	}
}

func replaySeveral(t *trial) {
	s := t.open()
	t.append(s, to(two, eventstore.NoStream, "a"))
	appends := []eventstore.Append{
		to(one, eventstore.NoStream, "a", "b"), to(two, eventstore.Exactly(1), "c"), to(numbered(3), eventstore.Any, "d", "e", "f"),
	}
	first := t.append(s, appends...)
	t.append(s, to(one, eventstore.Any, "x"))
	sentAgain(t, s, "three streams", first, appends...)
	for i := range appends {
		appends[i].Expect = eventstore.Exactly(77)
	}
	sentAgain(t, s, "three streams with other expectations", first, appends...)
	slices.Reverse(appends)
	slices.Reverse(first)
	sentAgain(t, s, "three streams the other way round", first, appends...)
	swapped := slices.Clone(appends)
	swapped[0].Stream, swapped[1].Stream = swapped[1].Stream, swapped[0].Stream
	requireDuplicate(t, s, "swapped streams", swapped[0].Events[0].ID, appends[0].Stream, swapped...)
}

// replayClosing: closing is a part of an append that has no id. Sent again it is answered if
// the stream is closed, and is a part that is missing if it is not.
func replayClosing(t *trial) {
	s := t.open()
	last := t.append(s, to(two, eventstore.NoStream, "a"))[0]
	appends := []eventstore.Append{closing(to(one, eventstore.NoStream, "a", "b")), closing(to(two, eventstore.Exactly(1)))}
	first := t.append(s, appends...)
	if want := (eventstore.AppendResult{Version: 1, Position: last.Position}); first[1] != want {
		t.Errorf("the result of closing is %+v, want %+v", first[1], want)
	}
	sentAgain(t, s, "events and closings", first, appends...)
	appends[0].Close = false
	sentAgain(t, s, "without the closing", first[:1], appends[0])

	open, other := to(numbered(3), eventstore.NoStream, "a"), to(numbered(4), eventstore.NoStream, "a")
	t.append(s, open, other)
	requireDuplicate(t, s, "with a closing that was not there", open.Events[0].ID, open.Stream, closing(open))
	requireDuplicate(t, s, "with a closing of another stream", open.Events[0].ID, open.Stream, open, closing(to(other.Stream, eventstore.Any)))
	if res := t.append(s, to(numbered(3), eventstore.Exactly(1), "b"))[0]; res.Version != 2 {
		t.Errorf("an append to it: %+v", res)
	}
}

func replayChanged(t *trial) {
	s := t.open()
	first := to(one, eventstore.NoStream, "a", "b", "c")
	t.append(s, first, to(two, eventstore.NoStream, "x"))
	for what, change := range map[string]func(a *eventstore.Append, k int){
		"another payload":          func(a *eventstore.Append, k int) { a.Events[k].Data = []byte(`{"n": 2}`) },
		"another payload's spaces": func(a *eventstore.Append, k int) { a.Events[k].Data = []byte(`{"n":1}`) },
		"another type":             func(a *eventstore.Append, k int) { a.Events[k].Type = "other" },
		"another schema version":   func(a *eventstore.Append, k int) { a.Events[k].Schema = 2 },
	} {
		for k := range first.Events {
			for _, expect := range expectations {
				again := eventstore.Append{Stream: one, Expect: expect, Events: slices.Clone(first.Events)}
				change(&again, k)
				requireDuplicate(t, s, fmt.Sprintf("%s for event %d expecting %v", what, k+1, expect), first.Events[k].ID, one, again)
			}
		}
	}
	for _, stream := range []event.StreamID{two, numbered(3)} {
		again := first
		again.Stream, again.Expect = stream, eventstore.Any
		requireDuplicate(t, s, "another stream", first.Events[0].ID, one, again)
	}
}

func replayStamps(t *trial) {
	s := t.open()
	a := to(one, eventstore.NoStream, "a")
	first := t.append(s, a)
	a.Events = slices.Clone(a.Events)
	a.Events[0].Occurred = time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
	a.Events[0].Metadata = event.Metadata{Correlation: "another try", Extra: map[string]string{"k": "v"}}
	sentAgain(t, s, "with other stamps", first, a)
}

func replayReordered(t *trial) {
	s := t.open()
	a := to(one, eventstore.NoStream, "a", "b", "c")
	t.append(s, a)
	for what, order := range map[string][]int{"reversed": {2, 1, 0}, "two swapped": {1, 0, 2}, "with a gap": {0, 2}} {
		again := eventstore.Append{Stream: one, Expect: eventstore.Any}
		for _, k := range order {
			again.Events = append(again.Events, a.Events[k])
		}
		requireDuplicate(t, s, what, event.ID{}, one, again)
	}
}

func replayPartly(t *trial) {
	s := t.open()
	known := to(one, eventstore.NoStream, "a", "b")
	t.append(s, known)
	for _, expect := range expectations {
		for what, events := range map[string][]event.Draft{
			"a new one first":   {draft("x"), known.Events[0], known.Events[1]},
			"a new one last":    {known.Events[0], known.Events[1], draft("x")},
			"a new one between": {known.Events[0], draft("x"), known.Events[1]},
			"the last and new":  {known.Events[1], draft("x")},
		} {
			requireDuplicate(t, s, what, event.ID{}, one, eventstore.Append{Stream: one, Expect: expect, Events: events})
		}
		known.Expect = expect
		requireDuplicate(t, s, "a new stream after", event.ID{}, one, known, to(two, eventstore.Any, "x"))
		requireDuplicate(t, s, "a new stream before", event.ID{}, one, to(two, eventstore.Any, "x"), known)
		requireDuplicate(t, s, "a new stream closed beside", event.ID{}, one, known, closing(to(two, eventstore.Any)))
	}
}

func replayTenants(t *trial) {
	s := t.open()
	theirs := to(event.StreamID{Category: "test", ID: secret}, eventstore.NoStream, "a")
	a, b := event.WithTenant(t.Context(), "a"), event.WithTenant(t.Context(), "b")
	t.appendIn(a, s, theirs)
	for _, expect := range expectations {
		theirs.Expect = expect
		_, err := s.Append(b, theirs)
		dup, ok := errors.AsType[*eventstore.DuplicateEventError](err)
		if !ok || dup.ID != theirs.Events[0].ID || dup.Stream != (event.StreamID{}) || strings.Contains(err.Error(), secret) {
			t.Errorf("an id that another tenant has, expecting %v: %v", expect, err)
		}
	}
	theirs.Expect = eventstore.NoStream
	if res := t.appendIn(a, s, theirs)[0]; !res.Replayed {
		t.Errorf("sent again by who has it: %+v", res)
	}
	if recs := t.collect(s.Read(b, theirs.Stream, eventstore.ReadQuery{})); len(recs) != 0 {
		t.Errorf("the other has %s", brief(recs))
	}
}

func replayRaced(t *trial) {
	s := t.open()
	for _, expect := range []eventstore.Expectation{eventstore.NoStream, eventstore.StreamExists, eventstore.Any} {
		appends := []eventstore.Append{to(one, expect, "a", "b"), to(two, expect, "c")}
		var stored atomic.Int32
		results := make([][]eventstore.AppendResult, 16)
		together(len(results), func(i int) {
			var err error
			if results[i], err = s.Append(t.Context(), appends...); err != nil || len(results[i]) != 2 {
				t.Errorf("expecting %v: %v, %v", expect, results[i], err)
				return
			}
			if !results[i][0].Replayed && !results[i][1].Replayed {
				stored.Add(1)
			}
			results[i][0].Replayed, results[i][1].Replayed = false, false
		})
		if n := stored.Load(); n != 1 {
			t.Errorf("expecting %v: %d of 16 say that they stored it", expect, n)
		}
		for _, res := range results {
			if !slices.Equal(res, results[0]) {
				t.Errorf("expecting %v: %+v and %+v", expect, res, results[0])
			}
		}
	}
	if recs := t.readAll(s); len(recs) != 9 {
		t.Errorf("%d records, want 9", len(recs))
	}
}
