package memstore_test

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/memstore"
)

var counter = event.StreamID{Category: "counter", ID: "1"}

func counted(n int) eventstore.Append {
	a := eventstore.Append{Stream: counter, Expect: eventstore.Any, Events: make([]event.Draft, n)}
	for i := range a.Events {
		a.Events[i] = event.Draft{ID: event.NewID(), Type: "counted", Schema: 1, Data: []byte(`{"n":1}`)}
	}
	return a
}

// filled returns a store with a stream of n events, in batches, and n/100 streams beside it.
func filled(tb testing.TB, n int) *memstore.Store {
	tb.Helper()
	s := memstore.New()
	for range n / 10_000 {
		if _, err := s.Append(tb.Context(), counted(10_000)); err != nil {
			tb.Fatal(err)
		}
	}
	for i := range n / 100 {
		a := counted(1)
		a.Stream = event.StreamID{Category: "other", ID: fmt.Sprint(i)}
		if _, err := s.Append(tb.Context(), a); err != nil {
			tb.Fatal(err)
		}
	}
	return s
}

// allocated returns how many bytes fn allocates.
func allocated(fn func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	fn()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestNothingIsCopiedThatIsNotReturned: what a call costs depends on what it returns, not on what
// there is.
func TestNothingIsCopiedThatIsNotReturned(t *testing.T) {
	s := filled(t, 100_000)
	ctx := t.Context()
	if _, err := s.List(ctx, eventstore.ListQuery{Category: "other", Limit: 1}); err != nil { // puts names in order once
		t.Fatal(err)
	}
	for name, call := range map[string]func() error{
		"the first record of a stream": func() error {
			for _, err := range s.Read(ctx, counter, eventstore.ReadQuery{}) {
				return err
			}
			return nil
		},
		"the last record of a stream": func() error {
			for _, err := range s.Read(ctx, counter, eventstore.ReadQuery{Backward: true}) {
				return err
			}
			return nil
		},
		"the record after 99 999 others": func() error {
			recs, err := eventstore.Collect(s.Read(ctx, counter, eventstore.ReadQuery{After: 99_999}))
			if len(recs) != 1 {
				t.Errorf("%d records", len(recs))
			}
			return err
		},
		"a page of one": func() error {
			page, err := s.Page(ctx, eventstore.FeedQuery{Limit: 1})
			if len(page.Records) != 1 {
				t.Errorf("%d records", len(page.Records))
			}
			return err
		},
		"a page of nothing": func() error {
			page, err := s.Page(ctx, eventstore.FeedQuery{Types: []string{"absent"}})
			if !page.AtHead {
				t.Error("not at the head")
			}
			return err
		},
		"a list of one": func() error {
			listing, err := s.List(ctx, eventstore.ListQuery{Category: "other", Limit: 1, After: "5"})
			if len(listing.Streams) != 1 {
				t.Errorf("%d streams", len(listing.Streams))
			}
			return err
		},
	} {
		var err error
		if n := allocated(func() { err = call() }); err != nil || n > 16<<10 {
			t.Errorf("%s: %d bytes, %v", name, n, err)
		}
	}
}

// TestAllocations pins how often the paths that are hot allocate.
func TestAllocations(t *testing.T) {
	ctx, s := t.Context(), memstore.New()
	if _, err := s.Append(ctx, counted(1000)); err != nil {
		t.Fatal(err)
	}
	next := make([]eventstore.Append, 300)
	for i := range next {
		next[i] = counted(1)
	}
	for name, c := range map[string]struct {
		most float64 // rounded down, and growth of slices and maps is spread
		call func() error
	}{
		"append one event": {3, func() error {
			_, err := s.Append(ctx, next[0])
			next = next[1:]
			return err
		}},
		"read 1000 events": {1001, func() error {
			n := 0
			for _, err := range s.Read(ctx, counter, eventstore.ReadQuery{UpTo: 1000}) {
				if n++; err != nil {
					return err
				}
			}
			if n != 1000 {
				t.Errorf("read %d events", n)
			}
			return nil
		}},
		"a page of 500": {512, func() error {
			_, err := s.Page(ctx, eventstore.FeedQuery{Limit: 500})
			return err
		}},
	} {
		if n := testing.AllocsPerRun(100, func() {
			if err := c.call(); err != nil {
				t.Error(err)
			}
		}); n > c.most {
			t.Errorf("%s: %v allocations, want at most %v", name, n, c.most)
		}
	}
}
