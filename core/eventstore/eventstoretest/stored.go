package eventstoretest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

var storedCases = []scenario{
	{name: "Stored/PayloadByteForByte", run: storedPayloads},
	{name: "Stored/Header", run: storedHeader},
	{name: "Stored/WideNames", run: storedNames},
	{name: "Stored/Metadata", run: storedMetadata},
	{name: "Stored/TimesInUTCAtMicroseconds", run: storedTimes},
	{name: "Stored/OccurredDefaultsToRecorded", run: storedOccurred},
	{name: "Stored/OneRecordedTimePerCall", run: storedRecorded},
	{name: "Stored/GivenBytesAreCopied", run: storedCopies},
}

// wide has what stores have been seen to change: escapes, quotes, wildcards, combining and
// precomposed letters, letters outside of the first plane, right-to-left, trailing space.
var wide = []string{
	"plain", "Ünïcödé", "e\u0301", "é", "日本語", "😀👩‍👩‍👧", "עברית", "ﬁ", "İ", "ß", "SS", "ss", "K", "a'b", `a"b`, `a\b`, "a%b", "a_b", "a;--b",
	"trailing ", " leading", "a-b", "\u200b", "\ufffd", "\ufeffbom", "\U0010ffff", "null", "0", "00", "1e3", "true", "{}", "$1", "?", ":name", "Plain",
}

func storedPayloads(t *trial) {
	s := t.open()
	payloads := []string{
		`null`, `true`, `0`, `-0`, `1e2`, `1E+2`, `1.0`, `1.10`, `12345678901234567890123`, `0.1234567890123456789`, `1e400`,
		`""`, `"\u00e9"`, `"é"`, `"\/"`, `"\ud83d\ude00"`, `"<&>"`, `"\u2028"`, `"\\u0000"`, "\"\u007f\"", `"\t"`,
		`[]`, `{}`, `  { "b" : 1 , "a" : [ ] }  `, "\n{\t\"a\":\r1}\n", `{"a":1,"a":2}`, `{"":""}`, `{"b":1,"a":2}`,
	}
	for _, text := range wide {
		payloads = append(payloads, fmt.Sprintf("{%q:%q}", "k", text), `"`+text+`"`)
	}
	a := eventstore.Append{Stream: one}
	for _, data := range payloads {
		d := draft("a")
		d.Data = []byte(data)
		a.Events = append(a.Events, d)
	}
	a.Events = slices.DeleteFunc(a.Events, func(d event.Draft) bool { return !isJSON(d.Data) })
	t.append(s, a)
	for what, recs := range map[string][]event.Record{"read": t.read(s, one, eventstore.ReadQuery{}), "feed": t.readAll(s)} {
		if len(recs) != len(a.Events) {
			t.Fatalf("%s: %d records, want %d", what, len(recs), len(a.Events))
		}
		for i, rec := range recs {
			if string(rec.Data) != string(a.Events[i].Data) {
				t.Errorf("%s: %q came back as %q", what, a.Events[i].Data, rec.Data)
			}
		}
	}
}

// storedHeader fails unless every way to read gives the same record, and the one appended.
func storedHeader(t *trial) {
	at := time.Date(2024, 2, 29, 23, 59, 59, 123456000, time.UTC)
	s := t.openWith(Options{Now: func() time.Time { return at }})
	ctx := event.WithTenant(t.Context(), "a")
	a := eventstore.Append{Stream: one}
	for i := range 3 {
		d := draft(fmt.Sprint("type", i))
		d.Schema = []int{1, 2, 1 << 30}[i]
		d.Occurred = at.Add(-time.Duration(i) * time.Hour)
		d.Metadata = event.Metadata{Correlation: "c", Causation: "u", Actor: "me", Trace: "t", Extra: map[string]string{"k": "v"}}
		a.Events = append(a.Events, d)
	}
	t.appendIn(ctx, s, a)
	recs := t.collect(s.Read(ctx, one, eventstore.ReadQuery{}))
	if len(recs) != 3 {
		t.Fatalf("%d records, want 3", len(recs))
	}
	for i, rec := range recs {
		d := a.Events[i]
		d.Metadata.Tenant = "a"
		want := event.Record{Data: d.Data, Header: event.Header{
			ID: d.ID, Stream: one, Version: event.Version(i + 1), Position: rec.Position, Type: d.Type, Schema: d.Schema,
			Occurred: d.Occurred, Recorded: at, Metadata: d.Metadata,
		}}
		if rec.Position.IsZero() || !same(rec, want) {
			t.Errorf("stored as\n%+v, want\n%+v", rec, want)
		}
	}
	t.requireSame("the feed", t.readAll(s), recs)
	found, err := s.Lookup(ctx, recs[0].ID, recs[1].ID, recs[2].ID)
	if err != nil {
		t.Fatal(err)
	}
	t.requireSame("looked up", found, recs)
	slices.Reverse(found)
	t.requireSame("backward", t.collect(s.Read(ctx, one, eventstore.ReadQuery{Backward: true})), found)
}

func storedNames(t *trial) {
	s := t.open()
	for i, name := range wide {
		stream := event.StreamID{Category: "test", ID: name}
		a := to(stream, eventstore.NoStream, name) // which fails if two of them are taken for one
		t.append(s, a)
		recs := t.read(s, stream, eventstore.ReadQuery{})
		if len(recs) != 1 || recs[0].Stream != stream || recs[0].Type != name || recs[0].ID != a.Events[0].ID {
			t.Errorf("%d: %q came back as %+v", i, name, recs)
		}
		if recs, _ := t.readFeed(t.Context(), s, eventstore.FeedQuery{Types: []string{name}}); len(recs) != 1 || recs[0].ID != a.Events[0].ID {
			t.Errorf("%d: the feed of type %q is %+v", i, name, recs)
		}
	}
	for _, category := range []string{"Test", "tes", "test.", "test_", "tests"} {
		t.append(s, to(event.StreamID{Category: category, ID: "plain"}, eventstore.NoStream, "a"))
	}
}

func storedMetadata(t *trial) {
	s := t.open()
	a := eventstore.Append{Stream: one}
	add := func(md event.Metadata) {
		d := draft("a")
		d.Metadata = md
		a.Events = append(a.Events, d)
	}
	add(event.Metadata{})
	add(event.Metadata{Extra: map[string]string{}})
	add(event.Metadata{Extra: map[string]string{"": "", "a": "", "A": "x"}})
	for _, text := range append(wide, "tab\tnewline\n\x01\x7f") {
		add(event.Metadata{Correlation: text})
		add(event.Metadata{Causation: text, Actor: text + "!", Trace: text + "?", Extra: map[string]string{text: text, text + text: "x"}})
	}
	t.append(s, a)
	for i, rec := range t.read(s, one, eventstore.ReadQuery{}) {
		want := rec
		want.Metadata = a.Events[i].Metadata
		if !same(rec, want) {
			t.Errorf("%+v came back as %+v", want.Metadata, rec.Metadata)
		}
	}
	stamped := draft("a")
	stamped.Metadata.Tenant = "a"
	ctx := event.WithTenant(t.Context(), "a")
	t.appendIn(ctx, s, to(two, eventstore.NoStream, "a"), eventstore.Append{Stream: numbered(3), Events: []event.Draft{stamped}})
	recs, _ := t.readFeed(ctx, s, eventstore.FeedQuery{})
	if len(recs) != 2 || recs[0].Metadata.Tenant != "a" || recs[1].Metadata.Tenant != "a" {
		t.Errorf("the tenant's events are %+v", recs)
	}
}

func storedTimes(t *trial) {
	var now atomic.Pointer[time.Time]
	s := t.openWith(Options{Now: func() time.Time { return *now.Load() }})
	zone := time.FixedZone("", -7*3600)
	times := []time.Time{
		time.Date(2024, 1, 2, 3, 4, 5, 678901999, zone),
		time.Date(2024, 1, 2, 3, 4, 5, 678901000, time.UTC),
		time.Date(1969, 12, 31, 23, 59, 59, 999999999, time.UTC), // rounded down, not towards zero
		time.Date(1, 1, 1, 0, 0, 0, 1000, time.UTC),
		time.Date(9999, 12, 31, 23, 59, 58, 999999000, time.UTC),
		time.Unix(0, 0),
	}
	for i, at := range times {
		a := to(numbered(i), eventstore.NoStream, "a")
		a.Events[0].Occurred = at
		now.Store(&times[i])
		t.append(s, a)
		for _, rec := range t.read(s, numbered(i), eventstore.ReadQuery{}) {
			want := event.Instant(at)
			if !rec.Occurred.Equal(want) || !rec.Recorded.Equal(want) || rec.Occurred.Location() != time.UTC || rec.Recorded.Location() != time.UTC {
				t.Errorf("%v came back as %v and %v, want %v", at, rec.Occurred, rec.Recorded, want)
			}
		}
	}
}

func storedOccurred(t *trial) {
	at := time.Date(2024, 1, 2, 3, 4, 5, 678901234, time.UTC)
	s := t.openWith(Options{Now: func() time.Time { return at }})
	a := to(one, eventstore.NoStream, "a", "b")
	a.Events[1].Occurred = at.Add(-time.Hour)
	t.append(s, a)
	recs := t.read(s, one, eventstore.ReadQuery{})
	if len(recs) != 2 || !recs[0].Occurred.Equal(event.Instant(at)) || !recs[1].Occurred.Equal(event.Instant(at.Add(-time.Hour))) {
		t.Errorf("occurred at %v", recs)
	}
}

func storedRecorded(t *trial) {
	var calls atomic.Int64
	s := t.openWith(Options{Now: func() time.Time { return time.Unix(calls.Add(1), 0) }})
	t.append(s, to(one, eventstore.NoStream, "a", "b"), to(two, eventstore.NoStream, "c"))
	t.append(s, to(one, eventstore.Any, "d"))
	recs := t.readAll(s)
	if len(recs) != 4 {
		t.Fatalf("%d records, want 4", len(recs))
	}
	for _, rec := range recs[:3] {
		if !rec.Recorded.Equal(recs[0].Recorded) {
			t.Errorf("one call was recorded at %v and %v", recs[0].Recorded, rec.Recorded)
		}
	}
	if !recs[3].Recorded.After(recs[0].Recorded) {
		t.Errorf("the next call was recorded at %v, after %v", recs[3].Recorded, recs[0].Recorded)
	}
}

func storedCopies(t *trial) {
	s := t.open()
	a := to(one, eventstore.NoStream, "a")
	a.Events[0].Metadata.Extra = map[string]string{"k": "v"}
	t.append(s, a)
	before := t.contents(s)
	scribble(a)
	if after := t.contents(s); after != before {
		t.Errorf("who appended changed what is stored from\n%sto\n%s", before, after)
	}
	b := to(two, eventstore.NoStream, "a")
	b.Events[0].Metadata.Extra = map[string]string{"k": "v"}
	want := string(b.Events[0].Data)
	t.atomic(s, func(_ context.Context, tx eventstore.Streams) error {
		t.append(tx, b)
		scribble(b)
		return nil
	})
	recs := t.read(s, two, eventstore.ReadQuery{})
	if len(recs) != 1 {
		t.Fatalf("stored are %s, want one event", brief(recs))
	}
	if rec := recs[0]; string(rec.Data) != want || rec.Type != "a" || !maps.Equal(rec.Metadata.Extra, map[string]string{"k": "v"}) {
		t.Errorf("who appended inside of Atomic changed what is stored to %s %s %v", rec.Type, rec.Data, rec.Metadata)
	}
}

// scribble changes what was appended.
func scribble(a eventstore.Append) {
	a.Events[0].Data[2] = 'x'
	a.Events[0].Metadata.Extra["k"] = "changed"
	a.Events[0].Metadata.Extra["new"] = "one"
	a.Events[0].Type = "changed"
}
