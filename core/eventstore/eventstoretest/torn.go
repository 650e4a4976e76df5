package eventstoretest

import (
	"fmt"
	"strings"
	"sync"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

var tornCases = []scenario{
	{name: "Torn/StreamReadsSeeBatchesWhole", run: tornBatches},
	{name: "Torn/SeveralStreamsAppearAtOnce", run: tornStreams},
	{name: "Torn/FeedShowsWhatIsStored", run: tornFeed},
}

// tornBatches has readers look at the end of a stream while batches are appended to it. Types
// say to which batch an event belongs and how many it has: "3.1/4 of 7".
func tornBatches(t *trial) {
	s := t.open()
	const writers, each = 4, 25
	write := func(tick func()) {
		together(writers, func(w int) {
			for i := range each {
				tick()
				size := 2 + (w+i)%7
				a := eventstore.Append{Stream: one, Expect: eventstore.Any}
				for k := range size {
					a.Events = append(a.Events, draft(fmt.Sprintf("%d.%d/%d of %d", w, i, k+1, size)))
				}
				if _, err := s.Append(t.Context(), a); err != nil {
					t.Error(err)
				}
			}
		})
	}
	forward := func() func() {
		var head event.Version // the end of a batch
		return func() {
			recs, err := eventstore.Collect(s.Read(t.Context(), one, eventstore.ReadQuery{After: head}))
			if err != nil || !wholeBatches(recs) {
				t.Errorf("after version %d: %v, %v", head, typesOf(recs), err)
			}
			if len(recs) > 0 {
				head = recs[len(recs)-1].Version
			}
		}
	}
	backward := func() {
		for rec, err := range s.Read(t.Context(), one, eventstore.ReadQuery{Backward: true, Limit: 1}) {
			if place, size := batchPlace(rec.Type); err != nil || place != size {
				t.Errorf("the last event is %s, %v", rec.Type, err)
			}
		}
	}
	while(write, forward(), backward, forward())
	recs := t.read(s, one, eventstore.ReadQuery{})
	if !wholeBatches(recs) {
		t.Errorf("in the end there is %v", typesOf(recs))
	}
	sizes := 0
	for _, rec := range recs {
		if place, size := batchPlace(rec.Type); place == size {
			sizes += size
		}
	}
	requireDense(t, s, one, sizes)
}

// batchPlace returns which of how many events of its batch has this type.
func batchPlace(name string) (place, size int) {
	_, name, _ = strings.Cut(name, "/")
	_, _ = fmt.Sscanf(name, "%d of %d", &place, &size)
	return place, size
}

// wholeBatches reports whether recs are whole batches, one after the other.
func wholeBatches(recs []event.Record) bool {
	for len(recs) > 0 {
		_, size := batchPlace(recs[0].Type)
		if size == 0 || size > len(recs) {
			return false
		}
		batch, _, _ := strings.Cut(recs[0].Type, "/")
		for k, rec := range recs[:size] {
			if rec.Type != fmt.Sprintf("%s/%d of %d", batch, k+1, size) {
				return false
			}
		}
		recs = recs[size:]
	}
	return true
}

func typesOf(recs []event.Record) []string {
	var names []string
	for _, rec := range recs {
		names = append(names, rec.Type)
	}
	return names
}

// tornStreams appends to two streams at once, so they are of one length whenever one looks.
func tornStreams(t *trial) {
	s := t.open()
	const writers, each = 4, 25
	write := func(tick func()) {
		together(writers, func(w int) {
			for i := range each {
				tick()
				appends := []eventstore.Append{to(one, eventstore.Any, "a"), to(two, eventstore.Any, "a")}
				if (w+i)%2 == 0 {
					appends[0], appends[1] = appends[1], appends[0]
				}
				if _, err := s.Append(t.Context(), appends...); err != nil {
					t.Error(err)
				}
			}
		})
	}
	head := func(stream event.StreamID) (v event.Version) {
		for rec, err := range s.Read(t.Context(), stream, eventstore.ReadQuery{Backward: true, Limit: 1}) {
			if err != nil {
				t.Error(err)
			}
			v = rec.Version
		}
		return v
	}
	look := func(first, second event.StreamID) func() {
		return func() {
			early, other, late := head(first), head(second), head(first)
			if other < early || late < other {
				t.Errorf("%s was at %d, then %s at %d, then %s at %d", first, early, second, other, first, late)
			}
		}
	}
	while(write, look(one, two), look(two, one))
	requireDense(t, s, one, writers*each)
	requireDense(t, s, two, writers*each)
}

// tornFeed looks up what the feed shows at once: it must be stored, and be all of its append
// as far as streams are concerned.
func tornFeed(t *trial) {
	s := t.open()
	const writers, each = 4, 25
	refused := make(map[event.ID]bool)
	var mu sync.Mutex
	write := func(tick func()) {
		together(writers, func(w int) {
			for i := range each {
				tick()
				if _, err := s.Append(t.Context(), to(numbered(w), eventstore.Any, "1", "2", "3")); err != nil {
					t.Error(err)
				}
				a := to(numbered(w), eventstore.Exactly(event.Version(3*i)), "1", "2", "3")
				mu.Lock()
				for _, d := range a.Events {
					refused[d.ID] = true
				}
				mu.Unlock()
				tick()
				if _, err := s.Append(t.Context(), a, to(numbered(100+w), eventstore.Any, "x")); err == nil {
					t.Error("a conflict was stored")
				}
			}
		})
	}
	after := event.Cursor{}
	seen := 0
	look := func() {
		page, err := s.Page(t.Context(), eventstore.FeedQuery{After: after})
		if err != nil {
			t.Error(err)
			return
		}
		seen, after = seen+len(page.Records), page.Next
		for _, rec := range page.Records {
			mu.Lock()
			phantom := refused[rec.ID]
			mu.Unlock()
			found, err := s.Lookup(t.Context(), rec.ID)
			if phantom || err != nil || len(found) != 1 || !same(found[0], rec) {
				t.Errorf("the feed shows %s at %v; refused: %v, stored: %s, %v", rec.Stream, rec.Position, phantom, brief(found), err)
			}
			rest, err := eventstore.Collect(s.Read(t.Context(), rec.Stream, eventstore.ReadQuery{After: rec.Version - 1}))
			if err != nil || len(rest)%3 != (4-int(rec.Type[0]-'0'))%3 {
				t.Errorf("the feed shows %s at version %d, its stream has %d from there: %v", rec.Stream, rec.Version, len(rest), err)
			}
		}
	}
	while(write, look)
	for range 3 * writers * each {
		look()
	}
	if seen != 3*writers*each {
		t.Errorf("the feed showed %d of %d events", seen, 3*writers*each)
	}
}
