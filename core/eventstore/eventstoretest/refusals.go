package eventstoretest

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

var refusalCases = []scenario{
	{name: "Refusal/BadStream", run: refuseStreams},
	{name: "Refusal/BadCall", run: refuseCalls},
	{name: "Refusal/BadEvent", run: refuseEvents},
	{name: "Refusal/BadEventAtAnyPlace", run: refuseAtAnyPlace},
	{name: "Refusal/BadRead", run: refuseReads},
}

// badStreams are no stream ids.
var badStreams = []event.StreamID{
	{},
	{Category: "test"},
	{ID: "1"},
	{Category: "te-st", ID: "1"},
	{Category: "1test", ID: "1"},
	{Category: "te st", ID: "1"},
	{Category: "tést", ID: "1"},
	{Category: "test\n", ID: "1"},
	{Category: "test", ID: "a\x00b"},
	{Category: "test", ID: "a\nb"},
	{Category: "test", ID: "a\u0085b"},
	{Category: "test", ID: "a\xffb"},
	{Category: "test", ID: strings.Repeat("x", event.MaxNameBytes+1)},
	{Category: strings.Repeat("x", event.MaxNameBytes+1), ID: "1"},
}

// badNames can't be those of anything.
var badNames = []string{"", "a\x00b", "a\nb", "a\xffb", strings.Repeat("x", event.MaxNameBytes+1)}

// requireInvalid fails unless s refuses the appends for the event given, and stores nothing.
func requireInvalid(t *trial, s eventstore.Store, what string, stream event.StreamID, index int, appends ...eventstore.Append) {
	t.Helper()
	t.requireUnchanged(s, what, func() {
		_, err := s.Append(t.Context(), appends...)
		bad, ok := errors.AsType[*eventstore.InvalidAppendError](err)
		switch {
		case !ok || !errors.Is(err, eventstore.ErrInvalidAppend):
			t.Errorf("%s: %v", what, err)
		case bad.Stream != stream || bad.Event != index:
			t.Errorf("%s: blames event %d of %q, want event %d of %q", what, bad.Event, bad.Stream, index, stream)
		case strings.Contains(err.Error(), secret):
			t.Errorf("%s: the error shows the payload: %v", what, err)
		case len(err.Error()) > 500:
			t.Errorf("%s: an error of %d bytes", what, len(err.Error()))
		}
	})
}

// secret is what no error shows.
const secret = "s3cret"

func refuseStreams(t *trial) {
	s := t.open()
	for _, bad := range badStreams {
		requireInvalid(t, s, "stream "+bad.String(), bad, -1, to(one, eventstore.Any, "a"), to(bad, eventstore.Any, "a"))
	}
}

func refuseCalls(t *trial) {
	s := t.open()
	requireInvalid(t, s, "no appends", event.StreamID{}, -1)
	requireInvalid(t, s, "no events", two, -1, to(one, eventstore.Any, "a"), to(two, eventstore.Any))
	requireInvalid(t, s, "a stream twice", one, -1, to(one, eventstore.Any, "a"), to(two, eventstore.Any, "a"), to(one, eventstore.Any, "a"))
	twice := to(one, eventstore.Any, "a", "b", "c")
	twice.Events[2].ID = twice.Events[0].ID
	requireInvalid(t, s, "an id twice", one, 2, twice)
	again := to(two, eventstore.Any, "a")
	again.Events[0].ID = twice.Events[0].ID
	requireInvalid(t, s, "an id in two streams", two, 0, to(one, eventstore.Any, "a"), eventstore.Append{Stream: numbered(3), Events: twice.Events[:1]}, again)
}

// badEvents are what makes a draft one that no store takes.
var badEvents = map[string]func(d *event.Draft){
	"no id":                  func(d *event.Draft) { d.ID = event.ID{} },
	"no type":                func(d *event.Draft) { d.Type = "" },
	"a long type":            func(d *event.Draft) { d.Type = strings.Repeat("x", event.MaxNameBytes+1) },
	"a type with a newline":  func(d *event.Draft) { d.Type = "a\nb" },
	"a type in wrong UTF-8":  func(d *event.Draft) { d.Type = "a\xff" },
	"schema 0":               func(d *event.Draft) { d.Schema = 0 },
	"schema -1":              func(d *event.Draft) { d.Schema = -1 },
	"no payload":             func(d *event.Draft) { d.Data = nil },
	"half a payload":         func(d *event.Draft) { d.Data = []byte(`{"n": "` + secret) },
	"two payloads":           func(d *event.Draft) { d.Data = []byte(`"` + secret + `" {}`) },
	"NaN":                    func(d *event.Draft) { d.Data = []byte(`NaN`) },
	"wrong UTF-8":            func(d *event.Draft) { d.Data = []byte("\"" + secret + "\xff\"") },
	"NUL":                    func(d *event.Draft) { d.Data = []byte(`"` + secret + `\u0000"`) },
	"a bomb of arrays":       func(d *event.Draft) { d.Data = []byte(strings.Repeat("[", 9000) + strings.Repeat("]", 9000)) },
	"a bomb of objects":      func(d *event.Draft) { d.Data = []byte(strings.Repeat(`{"a":`, 9000) + "1" + strings.Repeat("}", 9000)) },
	"NUL in metadata":        func(d *event.Draft) { d.Metadata.Actor = secret + "\x00" },
	"metadata not UTF-8":     func(d *event.Draft) { d.Metadata.Extra = map[string]string{"k": secret + "\xff"} },
	"a key not UTF-8":        func(d *event.Draft) { d.Metadata.Extra = map[string]string{"\xff": secret} },
	"another tenant's stamp": func(d *event.Draft) { d.Metadata.Tenant = "other" },
	"before year 1":          func(d *event.Draft) { d.Occurred = time.Date(0, 12, 31, 23, 59, 59, 0, time.UTC) },
	"after year 9999":        func(d *event.Draft) { d.Occurred = time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC) },
}

func refuseEvents(t *trial) {
	s := t.open()
	for what, spoil := range badEvents {
		bad := to(two, eventstore.Any, "a", "b", "c")
		spoil(&bad.Events[1])
		requireInvalid(t, s, what, two, 1, to(one, eventstore.Any, "a"), bad)
	}
}

func refuseAtAnyPlace(t *trial) {
	s := t.open()
	stored := to(two, eventstore.NoStream, "a")
	t.append(s, stored)
	batch := many(one, eventstore.NoStream, 8)
	for k := range batch.Events {
		bad := batch
		bad.Events = slices.Clone(batch.Events)
		bad.Events[k].Data = []byte("{")
		requireInvalid(t, s, "no JSON", one, k, bad)
		bad.Events[k] = stored.Events[0]
		t.requireUnchanged(s, "a taken id", func() {
			if _, err := s.Append(t.Context(), bad); !errors.Is(err, eventstore.ErrDuplicateEvent) {
				t.Errorf("event %d of 8 is stored elsewhere: %v", k+1, err)
			}
		})
	}
	requirePlaces(t, s, one, 0, 8, t.append(s, batch)[0])
}

func refuseReads(t *trial) {
	s := t.open()
	t.append(s, to(one, eventstore.NoStream, "a", "b"))
	refused := func(what string, want error, stream event.StreamID, q eventstore.ReadQuery) {
		n := 0
		for rec, err := range s.Read(t.Context(), stream, q) {
			if n++; !errors.Is(err, want) || rec.ID != (event.ID{}) {
				t.Errorf("%s: yields %v, %v", what, rec.Header, err)
			}
		}
		if n != 1 {
			t.Errorf("%s: yields %d times", what, n)
		}
	}
	refused("limit -1", eventstore.ErrInvalidQuery, one, eventstore.ReadQuery{Limit: -1})
	for _, bad := range badStreams {
		refused("stream "+bad.String(), event.ErrInvalidStream, bad, eventstore.ReadQuery{})
	}
}
