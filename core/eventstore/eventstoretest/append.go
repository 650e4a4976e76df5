package eventstoretest

import (
	"errors"
	"fmt"
	"math"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

var appendCases = []scenario{
	{name: "Append/ExpectationsOfAbsentStream", run: appendToAbsent},
	{name: "Append/ExpectationsOfPresentStream", run: appendToPresent},
	{name: "Append/ConflictNamesActualVersion", run: conflictNamesActual},
	{name: "Append/ConflictLeavesNoTrace", run: conflictLeavesNoTrace},
	{name: "Append/ResultsNameVersionAndPositions", run: resultsNamePlaces},
	{name: "Append/TenThousandEvents", run: appendTenThousand},
	{name: "Append/PositionsFollowTheCalls", run: positionsFollowCalls},
}

func appendToAbsent(t *trial) {
	s := t.open()
	for i, c := range []struct {
		expect eventstore.Expectation
		ok     bool
	}{
		{eventstore.NoStream, true},
		{eventstore.Exactly(0), true},
		{eventstore.Expectation{}, true},
		{eventstore.Any, true},
		{eventstore.StreamExists, false},
		{eventstore.Exactly(1), false},
		{eventstore.Exactly(math.MaxInt64), false},
		{eventstore.Exactly(math.MaxUint64), false},
	} {
		requireOutcome(t, s, numbered(i), c.expect, c.ok, 0)
	}
}

func appendToPresent(t *trial) {
	s := t.open()
	for i, c := range []struct {
		expect eventstore.Expectation
		ok     bool
	}{
		{eventstore.Exactly(2), true},
		{eventstore.StreamExists, true},
		{eventstore.Any, true},
		{eventstore.NoStream, false},
		{eventstore.Exactly(1), false},
		{eventstore.Exactly(3), false},
		{eventstore.Exactly(math.MaxInt64), false},
		{eventstore.Exactly(math.MaxUint64), false},
	} {
		t.append(s, to(numbered(i), eventstore.NoStream, "a", "b"))
		requireOutcome(t, s, numbered(i), c.expect, c.ok, 2)
	}
}

// requireOutcome appends one event to stream, which is at version head.
func requireOutcome(t *trial, s eventstore.Store, stream event.StreamID, expect eventstore.Expectation, ok bool, head event.Version) {
	t.Helper()
	results, err := s.Append(t.Context(), to(stream, expect, "x"))
	switch {
	case ok && err != nil:
		t.Errorf("append to a stream at %d expecting %v: %v", head, expect, err)
	case ok && (len(results) != 1 || results[0].Version != head+1 || results[0].Replayed):
		t.Errorf("append to a stream at %d expecting %v: %+v", head, expect, results)
	case !ok && !errors.Is(err, eventstore.ErrConflict):
		t.Errorf("append to a stream at %d expecting %v: %v", head, expect, err)
	}
	want := head
	if ok {
		want++
	}
	if recs := t.read(s, stream, eventstore.ReadQuery{}); len(recs) != int(want) {
		t.Errorf("append to a stream at %d expecting %v: left it at %d", head, expect, len(recs))
	}
}

func conflictNamesActual(t *trial) {
	s := t.open()
	t.append(s, to(two, eventstore.NoStream, "a", "b", "c"))
	for _, c := range []struct {
		appends []eventstore.Append
		want    eventstore.ConflictError
	}{
		{[]eventstore.Append{to(one, eventstore.StreamExists, "x")}, eventstore.ConflictError{Stream: one, Expected: eventstore.StreamExists}},
		{[]eventstore.Append{to(one, eventstore.Exactly(5), "x")}, eventstore.ConflictError{Stream: one, Expected: eventstore.Exactly(5)}},
		{[]eventstore.Append{to(two, eventstore.NoStream, "x")}, eventstore.ConflictError{Stream: two, Expected: eventstore.NoStream, Actual: 3}},
		{[]eventstore.Append{to(two, eventstore.Exactly(2), "x")}, eventstore.ConflictError{Stream: two, Expected: eventstore.Exactly(2), Actual: 3}},
		{[]eventstore.Append{to(two, eventstore.Exactly(4), "x", "y")}, eventstore.ConflictError{Stream: two, Expected: eventstore.Exactly(4), Actual: 3}},
		{[]eventstore.Append{to(one, eventstore.Any, "x"), to(two, eventstore.Exactly(1), "y")}, eventstore.ConflictError{Stream: two, Expected: eventstore.Exactly(1), Actual: 3}},
	} {
		results, err := s.Append(t.Context(), c.appends...)
		conflict, ok := errors.AsType[*eventstore.ConflictError](err)
		if !ok || *conflict != c.want || !errors.Is(err, eventstore.ErrConflict) || len(results) != 0 {
			t.Errorf("%v, %v; want %v", results, err, &c.want)
		}
	}
}

func conflictLeavesNoTrace(t *trial) {
	s := t.open()
	t.append(s, to(one, eventstore.NoStream, "a", "b"))
	again := to(one, eventstore.Exactly(1), "x", "y")
	t.requireUnchanged(s, "a conflict", func() {
		for range 3 {
			if _, err := s.Append(t.Context(), again); !errors.Is(err, eventstore.ErrConflict) {
				t.Errorf("append at a stale version: %v", err)
			}
		}
	})
	again.Expect = eventstore.Exactly(2) // the ids are not burned
	if res := t.append(s, again)[0]; res.Version != 4 || res.Replayed {
		t.Errorf("append after the conflict: %+v", res)
	}
}

func resultsNamePlaces(t *trial) {
	s := t.open()
	head := event.Version(0)
	for _, n := range []int{1, 2, 100} {
		res := t.append(s, many(one, eventstore.Exactly(head), n))[0]
		requirePlaces(t, s, one, head, n, res)
		head += event.Version(n)
	}
	if recs := t.readAll(s); len(recs) != int(head) {
		t.Errorf("%d records in the feed, want %d", len(recs), head)
	}
}

// requirePlaces fails unless the n events after version head of stream are where res says.
func requirePlaces(t *trial, s eventstore.Streams, stream event.StreamID, head event.Version, n int, res eventstore.AppendResult) {
	t.Helper()
	recs := t.read(s, stream, eventstore.ReadQuery{After: head})
	if len(recs) != n || res.Version != head+event.Version(n) {
		t.Fatalf("%d events after version %d, want %d; the result is %+v", len(recs), head, n, res)
	}
	if res.First != recs[0].Position || res.Position != recs[n-1].Position || res.Replayed {
		t.Errorf("events from %v to %v, the result is %+v", recs[0].Position, recs[n-1].Position, res)
	}
	for i, rec := range recs {
		if rec.Version != head+event.Version(i)+1 {
			t.Fatalf("version %d follows %d", rec.Version, head+event.Version(i))
		}
		if i > 0 && !before(t, recs[i-1].Position, rec.Position) {
			t.Fatalf("version %d is at %v, after %v", rec.Version, rec.Position, recs[i-1].Position)
		}
	}
}

// before reports whether p is before q.
func before(t *trial, p, q event.Position) bool {
	t.Helper()
	c, err := p.Compare(q)
	if err != nil {
		t.Error(err)
	}
	return c < 0
}

func appendTenThousand(t *trial) {
	s := t.open()
	a := many(one, eventstore.NoStream, 10_000)
	for i := range a.Events {
		a.Events[i].Data = fmt.Append(nil, i)
	}
	requirePlaces(t, s, one, 0, 10_000, t.append(s, a)[0])
	for i, rec := range t.read(s, one, eventstore.ReadQuery{}) {
		if rec.ID != a.Events[i].ID || string(rec.Data) != fmt.Sprint(i) {
			t.Fatalf("version %d is %s %s", rec.Version, rec.ID, rec.Data)
		}
	}
	if res := t.append(s, many(one, eventstore.Exactly(10_000), 10_000))[0]; res.Version != 20_000 {
		t.Errorf("the next ten thousand end at %d", res.Version)
	}
}

func positionsFollowCalls(t *trial) {
	s := t.open()
	var last event.Position
	for i := range 50 {
		res := t.append(s, to(numbered(i%7), eventstore.Any, "a", "b"))[0]
		if !before(t, last, res.First) || !before(t, res.First, res.Position) {
			t.Fatalf("append %d is at %v to %v, after %v", i, res.First, res.Position, last)
		}
		last = res.Position
	}
}
