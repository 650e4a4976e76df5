package logcheck

import (
	"context"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/memstore"
	"github.com/eventsource-go/eventsource/e2e/tape"
)

// store is a store that shows something else than it holds.
type store struct {
	eventstore.Store
	page   func(*eventstore.Page)
	stream func([]event.Record) []event.Record
	list   func(*eventstore.Listing)
}

func (s store) Page(ctx context.Context, q eventstore.FeedQuery) (eventstore.Page, error) {
	page, err := s.Store.Page(ctx, q)
	if s.page != nil {
		s.page(&page)
	}
	return page, err
}

func (s store) Read(ctx context.Context, id event.StreamID, q eventstore.ReadQuery) iter.Seq2[event.Record, error] {
	if s.stream == nil {
		return s.Store.Read(ctx, id, q)
	}
	return func(yield func(event.Record, error) bool) {
		records, err := eventstore.Collect(s.Store.Read(ctx, id, q))
		for _, rec := range s.stream(records) {
			if !yield(rec, err) {
				return
			}
		}
	}
}

func (s store) List(ctx context.Context, q eventstore.ListQuery) (eventstore.Listing, error) {
	listing, err := s.Store.List(ctx, q)
	if s.list != nil {
		s.list(&listing)
	}
	return listing, err
}

// play appends a tape without the transactions that skip says, and returns its acknowledgements.
func play(t *testing.T, tp tape.Tape, skip func(tape.Transaction) bool) (eventstore.Store, []tape.Ack) {
	t.Helper()
	s := memstore.New()
	var acks []tape.Ack
	for tx := range tp.All() {
		if skip(tx) {
			continue
		}
		var appends []eventstore.Append
		for _, p := range tx.Parts {
			appends = append(appends, eventstore.Append{Stream: p.Stream, Expect: eventstore.Any, Events: p.Events})
		}
		results, err := s.Append(t.Context(), appends...)
		if err != nil {
			t.Fatal(err)
		}
		ack := tape.Ack{Writer: tx.Writer, Index: tx.Index}
		for _, r := range results {
			ack.Versions, ack.Position = append(ack.Versions, r.Version), r.Position
		}
		acks = append(acks, ack)
	}
	return s, acks
}

var small = tape.Tape{Seed: 7, Process: 1, Writers: 2, Transactions: 20}

func nothing(tape.Transaction) bool { return false }

func TestWholeLog(t *testing.T) {
	s, acks := play(t, small, nothing)
	log, err := Read(t.Context(), s, tape.Category)
	if err != nil {
		t.Fatal(err)
	}
	if stored, err := log.Holds(small, acks); err != nil || stored != 40 {
		t.Errorf("%d stored, %v", stored, err)
	}
	if err := log.IsPrefixOf(log); err != nil {
		t.Error(err)
	}
	shorter, more := play(t, small, func(tx tape.Transaction) bool { return tx.Writer == 1 && tx.Index > 10 })
	part, err := Read(t.Context(), shorter, tape.Category)
	if err != nil {
		t.Fatal(err)
	}
	if stored, err := part.Holds(small, more); err != nil || stored != 31 {
		t.Errorf("%d stored of a part, %v", stored, err)
	}
	if log.IsPrefixOf(part) == nil {
		t.Error("a whole is no prefix of its part")
	}
}

func TestReadFindsWhatIsWrong(t *testing.T) {
	whole, _ := play(t, small, nothing)
	for name, c := range map[string]struct {
		shown store
		want  string
	}{
		"feed skips":        {store{page: func(p *eventstore.Page) { p.Records = slices.Delete(p.Records, 3, 4) }}, "where"},
		"feed doubles":      {store{page: func(p *eventstore.Page) { p.Records = append(p.Records, p.Records[3]) }}, "is there twice"},
		"feed out of order": {store{page: func(p *eventstore.Page) { p.Records[3], p.Records[4] = p.Records[4], p.Records[3] }}, "comes after"},
		"feed stalls":       {store{page: func(p *eventstore.Page) { p.Stall = &eventstore.Stall{Cause: "a lock"} }}, "stalled: a lock"},
		"feed ends early":   {store{page: func(p *eventstore.Page) { p.Records = p.Records[:len(p.Records)-1] }}, "directory"},
		"stream ends early": {store{stream: func(r []event.Record) []event.Record { return r[:len(r)-1] }}, "it and the feed disagree"},
		"stream is other":   {store{stream: func(r []event.Record) []event.Record { r[0].Data = []byte(`{}`); return r }}, "it and the feed disagree"},
		"directory lags":    {store{list: func(l *eventstore.Listing) { l.Streams[0].Version-- }}, "directory"},
		"directory invents": {store{list: func(l *eventstore.Listing) {
			l.Streams = append(l.Streams, eventstore.StreamInfo{Stream: event.StreamID{Category: tape.Category, ID: "none"}, Version: 1})
		}}, "has nothing of it"},
	} {
		c.shown.Store = whole
		if _, err := Read(t.Context(), c.shown, tape.Category); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestHoldsFindsWhatIsWrong(t *testing.T) {
	read := func(s eventstore.Store) *Log {
		log, err := Read(t.Context(), s, tape.Category)
		if err != nil {
			t.Fatal(err)
		}
		return log
	}
	whole, acks := play(t, small, nothing)
	_, err := read(memstore.New()).Holds(small, acks)
	if err == nil || !strings.Contains(err.Error(), "acknowledged and lost") || !strings.Contains(err.Error(), "and 20 more") {
		t.Errorf("lost: %v", err)
	}

	wrong := slices.Clone(acks)
	wrong[0].Versions = []event.Version{99, 99, 99}
	if _, err := read(whole).Holds(small, wrong); err == nil || !strings.Contains(err.Error(), "acknowledged as 99") {
		t.Errorf("other version: %v", err)
	}
	wrong = slices.Clone(acks)
	wrong[0].Position = wrong[1].Position
	if _, err := read(whole).Holds(small, wrong); err == nil || !strings.Contains(err.Error(), "at position") {
		t.Errorf("other position: %v", err)
	}

	// A store that tears, changes or parts what it is given.
	for name, c := range map[string]struct {
		change func(eventstore.Append) []eventstore.Append
		want   string
	}{
		"torn": {func(a eventstore.Append) []eventstore.Append {
			a.Events = a.Events[:1]
			return []eventstore.Append{a}
		}, "only a part is there"},
		"changed": {func(a eventstore.Append) []eventstore.Append {
			a.Events = slices.Clone(a.Events)
			a.Events[0].Data = []byte(`{}`)
			return []eventstore.Append{a}
		}, "not as it was sent"},
		"parted": {func(a eventstore.Append) []eventstore.Append {
			first, second, between := a, a, a
			first.Events, second.Events = a.Events[:1], a.Events[1:]
			between.Events = []event.Draft{{ID: uuid.New(), Type: "tape.event0", Schema: 1, Data: []byte(`{}`)}}
			return []eventstore.Append{first, between, second}
		}, "the one before it at"},
	} {
		s := memstore.New()
		for tx := range small.All() {
			for _, p := range tx.Parts {
				parts := []eventstore.Append{{Stream: p.Stream, Expect: eventstore.Any, Events: p.Events}}
				if len(p.Events) > 1 {
					parts = c.change(parts[0])
				}
				for _, a := range parts {
					if _, err := s.Append(t.Context(), a); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		if _, err := read(s).Holds(small, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
