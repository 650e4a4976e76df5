package eventstoretest

import (
	"errors"
	"fmt"
	"strings"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

var limitCases = []scenario{
	{name: "Limit/EventBytes", run: limitEventBytes},
	{name: "Limit/EventBytesByDefault", run: limitEventBytesDefault},
	{name: "Limit/AppendEvents", run: limitAppendEvents},
	{name: "Limit/AppendEventsByDefault", run: limitAppendEventsDefault},
	{name: "Limit/AppendBytes", run: limitAppendBytes},
	{name: "Limit/AppendBytesByDefault", run: limitAppendBytesDefault},
	{name: "Limit/Nesting", run: limitNesting},
	{name: "Limit/Names", run: limitNames},
}

// sized returns a payload of n bytes, 2 at least.
func sized(n int) []byte { return []byte(`"` + strings.Repeat("x", n-2) + `"`) }

// requireFit fails unless s takes a if fits, and refuses it otherwise.
func requireFit(t *trial, s eventstore.Store, what string, fits bool, appends ...eventstore.Append) {
	t.Helper()
	if fits {
		if _, err := s.Append(t.Context(), appends...); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		return
	}
	t.requireUnchanged(s, what, func() {
		if _, err := s.Append(t.Context(), appends...); !errors.Is(err, eventstore.ErrInvalidAppend) {
			t.Errorf("%s: %v", what, err)
		}
	})
}

func limitEventBytes(t *trial) {
	s := t.openWith(Options{Policy: eventstore.Policy{MaxEventBytes: 100}})
	for size := 99; size <= 101; size++ {
		bare, stamped := to(numbered(size), eventstore.NoStream, "a"), to(numbered(1000+size), eventstore.NoStream, "a", "b")
		bare.Events[0].Data = sized(size)
		stamped.Events[1].Data = sized(size - 12)
		stamped.Events[1].Metadata = event.Metadata{Correlation: "12345", Extra: map[string]string{"key": "four"}}
		requireFit(t, s, fmt.Sprintf("%d bytes of 100", size), size <= 100, bare)
		requireFit(t, s, fmt.Sprintf("%d bytes of 100, some of metadata", size), size <= 100, stamped)
	}
}

func limitEventBytesDefault(t *trial) {
	s := t.open()
	for size := 1<<20 - 1; size <= 1<<20+1; size++ {
		a := to(numbered(size), eventstore.NoStream, "a")
		a.Events[0].Data = sized(size)
		requireFit(t, s, fmt.Sprintf("%d bytes", size), size <= 1<<20, a)
	}
	for i, rec := range t.readAll(s) {
		if size := 1<<20 - 1 + i; len(rec.Data) != size {
			t.Errorf("%d bytes came back as %d", size, len(rec.Data))
		}
	}
}

func limitAppendEvents(t *trial) {
	s := t.openWith(Options{Policy: eventstore.Policy{MaxAppendEvents: 5}})
	for n := 4; n <= 6; n++ {
		requireFit(t, s, fmt.Sprintf("%d events of 5", n), n <= 5, many(numbered(n), eventstore.NoStream, n))
		requireFit(t, s, fmt.Sprintf("%d events of 5 in two streams", n), n <= 5,
			many(numbered(100+n), eventstore.NoStream, n-2), many(numbered(200+n), eventstore.NoStream, 2))
	}
}

func limitAppendEventsDefault(t *trial) {
	s := t.open()
	requireFit(t, s, "10 001 events", false, many(one, eventstore.NoStream, 10_001))
	requireFit(t, s, "10 001 events in two streams", false, many(one, eventstore.NoStream, 10_000), many(two, eventstore.NoStream, 1))
}

func limitAppendBytes(t *trial) {
	s := t.openWith(Options{Policy: eventstore.Policy{MaxAppendBytes: 300}})
	for size := 299; size <= 301; size++ {
		large, first, second := to(numbered(size), eventstore.NoStream, "a"), to(numbered(1000+size), eventstore.NoStream, "a", "b"), to(numbered(2000+size), eventstore.NoStream, "a")
		large.Events[0].Data = sized(size)
		first.Events[0].Data, first.Events[1].Data, second.Events[0].Data = sized(100), sized(size-112), sized(2)
		second.Events[0].Metadata = event.Metadata{Actor: "me", Extra: map[string]string{"key": "four", "": "x"}}
		requireFit(t, s, fmt.Sprintf("%d bytes of 300 in one event", size), size <= 300, large)
		requireFit(t, s, fmt.Sprintf("%d bytes of 300 in two streams, some of metadata", size), size <= 300, first, second)
	}
}

func limitAppendBytesDefault(t *trial) {
	s := t.open()
	for size := 1 << 20; size >= 1<<20-1; size-- {
		a, more := many(numbered(size), eventstore.NoStream, 16), to(two, eventstore.NoStream, "a")
		for i := range a.Events {
			a.Events[i].Data = sized(1 << 20)
		}
		a.Events[3].Data, more.Events[0].Data = sized(size), []byte("1")
		requireFit(t, s, fmt.Sprintf("16 MiB and %d bytes", size-1<<20+1), size < 1<<20, a, more)
	}
}

func limitNesting(t *trial) {
	s := t.open()
	for depth := 499; depth <= 501; depth++ {
		a := to(numbered(depth), eventstore.NoStream, "a")
		a.Events[0].Data = []byte(strings.Repeat("[", depth) + strings.Repeat("]", depth))
		requireFit(t, s, fmt.Sprintf("%d arrays", depth), depth <= 500, a)
	}
}

func limitNames(t *trial) {
	s := t.open()
	long := strings.Repeat("x", event.MaxNameBytes)
	for _, stream := range []event.StreamID{{Category: long, ID: long}, {Category: "t", ID: strings.Repeat("é", 127) + "x"}} {
		a := to(stream, eventstore.NoStream, long)
		ctx := event.WithTenant(t.Context(), long)
		t.appendIn(ctx, s, a)
		recs := t.collect(s.Read(ctx, stream, eventstore.ReadQuery{}))
		if len(recs) != 1 || recs[0].Stream != stream || recs[0].Type != long || recs[0].Metadata.Tenant != long {
			t.Errorf("names of 255 bytes came back as %+v", recs)
		}
	}
}
