package eventstoretest

import (
	"errors"
	"strings"

	"github.com/google/uuid"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

var cursorCases = []scenario{
	{name: "Cursor/ResumesExactlyAfter", run: cursorResumes},
	{name: "Cursor/SurvivesAsText", run: cursorText},
	{name: "Cursor/OfAnotherStoreIsRefused", run: cursorForeign},
	{name: "Cursor/OfAnotherEventIsRefused", run: cursorDiverged},
	{name: "Cursor/BeyondTheHeadIsRefused", run: cursorBeyond},
}

func cursorOf(rec event.Record) event.Cursor {
	return event.Cursor{Position: rec.Position, Event: rec.ID}
}

// cursorResumes starts anew at every record, and at every place to which a filtered page looked.
func cursorResumes(t *trial) {
	s := t.open()
	all := t.populate(s)
	for i, rec := range all {
		for _, cur := range []event.Cursor{cursorOf(rec), {Position: rec.Position}} { // the latter unchecked
			page, err := s.Page(t.Context(), eventstore.FeedQuery{After: cur, Limit: 2})
			if err != nil {
				t.Fatalf("after record %d: %v", i, err)
			}
			t.requireSame("what follows a cursor", page.Records, all[i+1:min(i+3, len(all))])
		}
	}
	q, place := eventstore.FeedQuery{Types: []string{"x"}, Limit: 1}, 0
	for {
		page, err := s.Page(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if bad := badPage(q, page); bad != "" {
			t.Fatal(bad)
		}
		for ; place < len(all) && !before(t, page.Next.Position, all[place].Position); place++ {
			if all[place].Type == "x" && (len(page.Records) == 0 || page.Records[0].ID != all[place].ID) {
				t.Fatalf("looked past version %d of %s", all[place].Version, all[place].Stream)
			}
		}
		if place > 0 && page.Next != cursorOf(all[place-1]) {
			t.Fatalf("looked to %v, the event there is at %v", page.Next, cursorOf(all[place-1]))
		}
		rest, _ := t.readFeed(t.Context(), s, eventstore.FeedQuery{After: page.Next})
		t.requireSame("all that follows a filtered page", rest, all[place:])
		if q.After = page.Next; page.AtHead {
			return
		}
	}
}

func cursorText(t *trial) {
	s := t.open()
	t.append(s, many(one, eventstore.NoStream, 12))
	all := t.readAll(s)
	seen := make(map[string]bool)
	for i, rec := range all {
		text, err := rec.Position.MarshalText()
		if err != nil || seen[string(text)] {
			t.Fatalf("record %d has the text %q: %v", i, text, err)
		}
		seen[string(text)] = true
		back, err := event.ParsePosition(string(text))
		if err != nil || back != rec.Position {
			t.Fatalf("%q is read as %v: %v", text, back, err)
		}
		rest, _ := t.readFeed(t.Context(), s, eventstore.FeedQuery{After: event.Cursor{Position: back, Event: rec.ID}})
		t.requireSame("what follows a position that was a text", rest, all[i+1:])
	}
}

func cursorForeign(t *trial) {
	s, other := t.open(), t.open()
	t.append(s, many(one, eventstore.NoStream, 3))
	t.append(other, many(one, eventstore.NoStream, 3))
	for _, rec := range t.readAll(other) {
		for _, cur := range []event.Cursor{cursorOf(rec), {Position: rec.Position}} {
			_, err := s.Page(t.Context(), eventstore.FeedQuery{After: cur})
			foreign, ok := errors.AsType[*event.ForeignPositionError](err)
			if !ok || foreign.Position != rec.Position || !errors.Is(err, eventstore.ErrForeignPosition) {
				t.Errorf("a position of another store: %v", err)
			}
		}
	}
}

func cursorDiverged(t *trial) {
	s := t.open()
	t.append(s, many(one, eventstore.NoStream, 5))
	all := t.readAll(s)
	for i, rec := range all {
		for _, id := range []event.ID{event.NewID(), all[(i+1)%len(all)].ID} {
			cur := event.Cursor{Position: rec.Position, Event: id}
			for _, types := range [][]string{nil, {"absent"}} {
				page, err := s.Page(t.Context(), eventstore.FeedQuery{After: cur, Types: types})
				requireDiverged(t, page, err, eventstore.DivergedError{Cursor: cur, Found: rec.ID})
			}
		}
	}
}

func requireDiverged(t *trial, page eventstore.Page, err error, want eventstore.DivergedError) {
	t.Helper()
	got, ok := errors.AsType[*eventstore.DivergedError](err)
	if !ok || *got != want || !errors.Is(err, eventstore.ErrDiverged) {
		t.Errorf("%s, %v; want %v", brief(page.Records), err, &want)
	}
}

// cursorBeyond: that is what a store looks like that was restored from yesterday.
func cursorBeyond(t *trial) {
	s := t.open()
	t.append(s, to(one, eventstore.NoStream, "a"))
	head, err := s.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	store, _, _ := strings.Cut(head.String(), ".")
	id, err := uuid.Parse(store)
	if err != nil {
		t.Fatalf("the position %v names no store: %v", head, err)
	}
	n, err := head.In(id)
	if err != nil {
		t.Fatal(err)
	}
	for _, far := range []uint64{n + 1, n + 1000, 1<<63 - 1} {
		cur := event.Cursor{Position: event.NewPosition(id, far), Event: event.NewID()}
		page, err := s.Page(t.Context(), eventstore.FeedQuery{After: cur})
		requireDiverged(t, page, err, eventstore.DivergedError{Cursor: cur})
	}
}
