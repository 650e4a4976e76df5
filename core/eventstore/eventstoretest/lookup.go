package eventstoretest

import (
	"errors"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

var lookupCases = []scenario{
	{name: "Lookup/InTheOrderAsked", run: lookupOrder},
	{name: "Lookup/NoIDs", run: lookupNone},
	{name: "Lookup/Limit", run: lookupLimit},
}

func lookupOrder(t *trial) {
	s := t.open()
	a, b := to(one, eventstore.NoStream, "a", "b"), to(two, eventstore.NoStream, "c")
	t.append(s, a, b)
	stored := t.readAll(s)
	first, second, third := a.Events[0].ID, a.Events[1].ID, b.Events[0].ID
	absent := event.NewID()
	for _, c := range []struct {
		ids  []event.ID
		want []event.Record
	}{
		{[]event.ID{third, first, second}, []event.Record{stored[2], stored[0], stored[1]}},
		{[]event.ID{absent, second, {}, third, absent}, []event.Record{stored[1], stored[2]}},
		{[]event.ID{first, second, first}, []event.Record{stored[0], stored[1], stored[0]}},
		{[]event.ID{absent}, nil},
		{[]event.ID{{}}, nil},
	} {
		found, err := s.Lookup(t.Context(), c.ids...)
		if err != nil {
			t.Fatalf("look-up of %v: %v", c.ids, err)
		}
		t.requireSame("looked up", found, c.want)
	}
}

func lookupNone(t *trial) {
	s := t.open()
	t.append(s, to(one, eventstore.NoStream, "a"))
	if found, err := s.Lookup(t.Context()); err != nil || len(found) != 0 {
		t.Errorf("%s, %v", brief(found), err)
	}
}

func lookupLimit(t *trial) {
	s := t.open()
	a := many(one, eventstore.NoStream, eventstore.MaxLookup+1)
	t.append(s, a)
	ids := make([]event.ID, len(a.Events))
	for i, d := range a.Events {
		ids[i] = d.ID
	}
	for n := eventstore.MaxLookup - 1; n <= eventstore.MaxLookup; n++ {
		found, err := s.Lookup(t.Context(), ids[:n]...)
		if err != nil || len(found) != n {
			t.Errorf("%d ids: %d found, %v", n, len(found), err)
		}
	}
	if found, err := s.Lookup(t.Context(), ids...); !errors.Is(err, eventstore.ErrInvalidQuery) {
		t.Errorf("%d ids: %d found, %v", len(ids), len(found), err)
	}
}
