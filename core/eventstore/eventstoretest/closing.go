package eventstoretest

import (
	"errors"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

var closingCases = []scenario{
	{name: "Closing/RefusesEveryExpectation", run: closedRefuses},
	{name: "Closing/WithoutEvents", run: closeAlone},
	{name: "Closing/AbsentStream", run: closeAbsent},
	{name: "Closing/HonorsTheExpectation", run: closeExpecting},
	{name: "Closing/LeavesItReadable", run: closedIsReadable},
	{name: "Closing/IsAsAtomicAsEvents", run: closeAtomic},
}

// requireClosed fails unless stream, at version head, takes no append of any kind.
func requireClosed(t *trial, s eventstore.Store, stream event.StreamID, head event.Version) {
	t.Helper()
	want := eventstore.StreamClosedError{Stream: stream, Version: head}
	t.requireUnchanged(s, "a closed stream", func() {
		for _, expect := range append(expectations, eventstore.Exactly(head), eventstore.Exactly(head+1)) {
			for _, a := range []eventstore.Append{to(stream, expect, "x"), closing(to(stream, expect, "x")), closing(to(stream, expect))} {
				_, err := s.Append(t.Context(), a)
				if got, ok := errors.AsType[*eventstore.StreamClosedError](err); !ok || *got != want || !errors.Is(err, eventstore.ErrStreamClosed) {
					t.Errorf("append of %d events expecting %v: %v, want %v", len(a.Events), expect, err, &want)
				}
			}
		}
	})
}

func closedRefuses(t *trial) {
	s := t.open()
	res := t.append(s, closing(to(one, eventstore.NoStream, "a", "b")))[0]
	requirePlaces(t, s, one, 0, 2, res)
	requireClosed(t, s, one, 2)
	if _, err := s.Append(t.Context(), to(two, eventstore.Any, "a"), to(one, eventstore.Any, "x")); !errors.Is(err, eventstore.ErrStreamClosed) {
		t.Errorf("append to it and another one: %v", err)
	}
	if got := t.read(s, two, eventstore.ReadQuery{}); len(got) != 0 {
		t.Error("the other one was stored")
	}
}

func closeAlone(t *trial) {
	s := t.open()
	last := t.append(s, to(one, eventstore.NoStream, "a", "b"))[0]
	t.append(s, to(two, eventstore.NoStream, "a"))
	res := t.append(s, closing(to(one, eventstore.Exactly(2))))[0]
	if want := (eventstore.AppendResult{Version: 2, Position: last.Position}); res != want {
		t.Errorf("the result is %+v, want %+v", res, want)
	}
	requireClosed(t, s, one, 2)
	t.append(s, to(two, eventstore.Exactly(1), "b")) // only the one
}

func closeAbsent(t *trial) {
	s := t.open()
	res := t.append(s, closing(to(one, eventstore.NoStream)), closing(to(two, eventstore.Any)))
	if res[0] != (eventstore.AppendResult{}) || res[1] != (eventstore.AppendResult{}) {
		t.Errorf("results %+v, want zero ones", res)
	}
	requireClosed(t, s, one, 0)
	requireClosed(t, s, two, 0)
	if recs := t.readAll(s); len(recs) != 0 {
		t.Errorf("it made %s", brief(recs))
	}
}

func closeExpecting(t *trial) {
	s := t.open()
	t.append(s, to(one, eventstore.NoStream, "a"))
	t.requireUnchanged(s, "closing what is not as expected", func() {
		for _, a := range []eventstore.Append{
			closing(to(one, eventstore.NoStream)), closing(to(one, eventstore.Exactly(2))), closing(to(two, eventstore.StreamExists)),
			closing(to(one, eventstore.Exactly(2), "x")),
		} {
			if _, err := s.Append(t.Context(), a); !errors.Is(err, eventstore.ErrConflict) {
				t.Errorf("closing %s expecting %v: %v", a.Stream, a.Expect, err)
			}
		}
	})
	t.append(s, to(one, eventstore.Exactly(1), "b"))
}

func closedIsReadable(t *trial) {
	s := t.open()
	t.append(s, to(one, eventstore.NoStream, "a"))
	before := t.read(s, one, eventstore.ReadQuery{})
	t.append(s, closing(to(one, eventstore.StreamExists)))
	t.requireSame("a closed stream", t.read(s, one, eventstore.ReadQuery{}), before)
	t.requireSame("the feed", t.readAll(s), before)
	want := eventstore.StreamInfo{Stream: one, Version: 1, Closed: true}
	if got := t.list(t.Context(), s, "test"); len(got) != 1 || got[0] != want {
		t.Errorf("listed as %+v, want %+v", got, want)
	}
}

func closeAtomic(t *trial) {
	s := t.open()
	t.append(s, to(one, eventstore.NoStream, "a"))
	t.requireUnchanged(s, "closing beside a conflict", func() {
		if _, err := s.Append(t.Context(), closing(to(one, eventstore.Any)), to(two, eventstore.Exactly(3), "x")); !errors.Is(err, eventstore.ErrConflict) {
			t.Errorf("append: %v", err)
		}
	})
	t.append(s, closing(to(one, eventstore.Any)), to(two, eventstore.Any, "x"))
	requireClosed(t, s, one, 1)
}
