package eventstoretest

import (
	"context"
	"iter"
	"runtime"
	"time"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

var openReadCases = []scenario{
	{name: "OpenRead/AbandonedEarly", run: readAbandoned},
	{name: "OpenRead/HoldsNothingMeanwhile", run: readHoldsNothing},
	{name: "OpenRead/AppendInside", run: appendWhileReading},
	{name: "OpenRead/ReadInside", run: readWhileReading},
	{name: "OpenRead/MemoryIsBounded", run: readMemory, alone: true},
}

// patience is longer than any wait that is not for ever.
var patience = 60 * time.Second

// patient is for what must not wait for ever.
func (t *trial) patient() context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// stillWorks fails unless everything that a store does can still be done.
func stillWorks(t *trial, s eventstore.Store, after string) {
	t.Helper()
	ctx := t.patient()
	a := to(event.StreamID{Category: "works", ID: event.NewID().String()}, eventstore.NoStream, "a", "b")
	if _, err := s.Append(ctx, a); err != nil {
		t.Fatalf("append after %s: %v", after, err)
	}
	recs, err := eventstore.Collect(s.Read(ctx, a.Stream, eventstore.ReadQuery{}))
	if err != nil || len(recs) != 2 {
		t.Fatalf("read after %s: %s, %v", after, brief(recs), err)
	}
	if _, err := s.Page(ctx, eventstore.FeedQuery{}); err != nil {
		t.Fatalf("page after %s: %v", after, err)
	}
	if found, err := s.Lookup(ctx, a.Events[0].ID); err != nil || len(found) != 1 {
		t.Fatalf("look-up after %s: %s, %v", after, brief(found), err)
	}
	if _, err := s.List(ctx, eventstore.ListQuery{Category: "works"}); err != nil {
		t.Fatalf("list after %s: %v", after, err)
	}
	if _, err := s.Head(ctx); err != nil {
		t.Fatalf("head after %s: %v", after, err)
	}
}

const longRead = 2*eventstore.DefaultPageEvents + 100

func readAbandoned(t *trial) {
	s := t.open()
	t.append(s, many(one, eventstore.NoStream, longRead))
	ctx := t.patient()
	for i := range 300 {
		n := 0
		for _, err := range s.Read(ctx, one, eventstore.ReadQuery{Backward: i%2 == 0}) {
			if err != nil {
				t.Fatalf("read after %d abandoned ones: %v", i, err)
			}
			if n++; n > i%3 {
				break
			}
		}
	}
	for range 50 {
		func() {
			defer func() { _ = recover() }()
			for range s.Read(ctx, one, eventstore.ReadQuery{}) {
				panic("in the middle")
			}
		}()
	}
	stillWorks(t, s, "350 abandoned reads")
}

func readHoldsNothing(t *trial) {
	s := t.open()
	t.append(s, many(one, eventstore.NoStream, longRead))
	ctx := t.patient()
	var open []func() (event.Record, error, bool)
	for i := range 64 {
		next, stop := iter.Pull2(s.Read(ctx, one, eventstore.ReadQuery{Backward: i%2 == 1}))
		defer stop()
		if _, err, ok := next(); err != nil || !ok {
			t.Fatalf("read %d beside %d open ones: %v", i+1, i, err)
		}
		open = append(open, next)
	}
	stillWorks(t, s, "64 reads were begun")
	for i, next := range open[:16] {
		n := 1
		for _, err, ok := next(); ok; _, err, ok = next() {
			if n++; err != nil {
				t.Fatalf("read %d, when it goes on: %v", i+1, err)
			}
		}
		if n != longRead {
			t.Fatalf("read %d gave %d of %d events", i+1, n, longRead)
		}
	}
	stillWorks(t, s, "48 reads are half done")
}

// appendWhileReading lets a reader add to what it reads. It sees all that was there, in order,
// and perhaps what it added.
func appendWhileReading(t *trial) {
	s := t.open()
	t.append(s, many(one, eventstore.NoStream, longRead))
	ctx, last, added := t.patient(), event.Version(0), 0
	for rec, err := range s.Read(ctx, one, eventstore.ReadQuery{}) {
		if err != nil {
			t.Fatalf("after version %d: %v", last, err)
		}
		if rec.Version != last+1 {
			t.Fatalf("version %d follows %d", rec.Version, last)
		}
		if last = rec.Version; last%100 == 0 && added < 20 {
			if _, err := s.Append(ctx, to(one, eventstore.Any, "x", "y")); err != nil {
				t.Fatalf("append inside of a read: %v", err)
			}
			added += 2
		}
	}
	if last < longRead {
		t.Errorf("the read ended at version %d of %d", last, longRead)
	}
	requireDense(t, s, one, longRead+added)
	last = longRead + 1
	for rec, err := range s.Read(ctx, one, eventstore.ReadQuery{Backward: true, UpTo: longRead}) {
		if err != nil || rec.Version != last-1 {
			t.Fatalf("backward, version %d follows %d: %v", rec.Version, last, err)
		}
		if last = rec.Version; last%200 == 0 {
			if _, err := s.Append(ctx, to(one, eventstore.Any, "x")); err != nil {
				t.Fatalf("append inside of a read: %v", err)
			}
		}
	}
	if last != 1 {
		t.Errorf("the read backward ended at version %d", last)
	}
}

func readWhileReading(t *trial) {
	s := t.open()
	for i := range 8 {
		t.append(s, to(numbered(i), eventstore.NoStream, "a", "b"))
	}
	ctx, n := t.patient(), 0
	var nest func(depth int)
	nest = func(depth int) {
		for _, err := range s.Read(ctx, numbered(depth), eventstore.ReadQuery{}) {
			if err != nil {
				t.Fatalf("a read inside of %d others: %v", depth, err)
			}
			if depth < 7 {
				nest(depth + 1)
				continue
			}
			n++
			if page, err := s.Page(ctx, eventstore.FeedQuery{}); err != nil || len(page.Records) != 16 {
				t.Fatalf("a page inside of %d reads: %s, %v", depth+1, brief(page.Records), err)
			}
		}
	}
	if nest(0); n != 256 {
		t.Errorf("%d records in the innermost reads, want 256", n)
	}
}

// readMemory reads 32 MiB of payload, then of metadata, and fails if the heap grows by half of
// it. It runs alone.
func readMemory(t *trial) {
	s := t.open()
	heavy := sized(1 << 19)
	for i := range 16 {
		a, b := many(one, eventstore.Any, 4), many(two, eventstore.Any, 4)
		for k := range a.Events {
			a.Events[k].Data = heavy
			b.Events[k].Metadata.Extra = map[string]string{"heavy": string(heavy)}
		}
		if _, err := s.Append(t.Context(), a, b); err != nil {
			t.Fatalf("append %d: %v", i, err)
		}
	}
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	for i, stream := range []event.StreamID{one, one, two, two} {
		before, most, n := heap(), int64(0), 0
		for _, err := range s.Read(t.Context(), stream, eventstore.ReadQuery{Backward: i%2 == 1}) {
			if err != nil {
				t.Fatal(err)
			}
			if n++; n%8 == 1 {
				most = max(most, heap()-before)
			}
		}
		if n != 64 || most > 16<<20 {
			t.Errorf("a read of %d events of 512 KiB in stream %s took %d MiB", n, stream, most>>20)
		}
	}
}
