package twin_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// appendSome appends to one stream or several, mostly what can be stored.
func (m *machine) appendSome() {
	c := call{tenant: m.tenant()}
	for range 1 + max(0, m.below("streams", 6)-3) {
		stream := m.stream()
		if slices.ContainsFunc(c.appends, func(a eventstore.Append) bool { return a.Stream == stream }) && !m.rarely("twice", 10) {
			continue
		}
		c.appends = append(c.appends, m.appendTo(c.tenant, stream))
	}
	if m.rarely("bad", 12) {
		m.spoil(&c)
	}
	ctx := m.in(c.tenant)
	m.send(ctx, c)
}

func (m *machine) appendTo(tenant string, stream event.StreamID) eventstore.Append {
	a := eventstore.Append{Stream: stream, Expect: m.expectation(tenantStream{tenant, stream}), Close: m.rarely("close", 7)}
	n := 1 + m.below("events", 4)
	switch {
	case a.Close && m.below("only", 2) == 1:
		n = 0
	case m.rarely("many", 60):
		n = 99 + m.below("events", 103) // more than a statement of SQLite takes, or a page of a stream has
	}
	for range n {
		a.Events = append(a.Events, m.draft(n < 10))
	}
	return a
}

// expectation is right more often than not.
func (m *machine) expectation(k tenantStream) eventstore.Expectation {
	head := m.heads[k]
	return pick(m, "expect", eventstore.Any, eventstore.Exactly(head), eventstore.Exactly(head), eventstore.StreamExists,
		eventstore.NoStream, eventstore.Exactly(head+1), eventstore.Exactly(head/2), eventstore.Exactly(1<<63))
}

// payloads come back byte for byte.
var payloads = []string{
	`{"n":1}`, `"` + secret + `"`, ` { "z" : 1 , "a" : [ ] , "z" : 2 } `, `null`, `1e400`, `12345678901234567890.10`, `"é\u00e9\ud83d\ude00"`, "\t\"\u2028<&>\"\n", `"\\u0000"`,
}

func (m *machine) draft(varied bool) event.Draft {
	m.events++
	d := event.Draft{ID: numbered(m.events), Type: "x", Schema: 1, Data: []byte(payloads[0]), Occurred: start}
	if !varied {
		return d
	}
	d.Type, d.Data = pick(m, "type", "x", "y", "Z é", "a'b\\"), []byte(pick(m, "data", payloads...))
	d.Schema = pick(m, "schema", 1, 2, 1<<30)
	d.Occurred = m.instant()
	if m.rarely("taken", 40) {
		d.ID = numbered(1 + m.below("event", m.events))
	}
	switch m.below("metadata", 4) {
	case 1:
		d.Metadata.Correlation, d.Metadata.Actor = "c", "ann <&> \u2028"
	case 2:
		d.Metadata = event.Metadata{Causation: "\ufffd", Trace: "00-1", Extra: map[string]string{"": "", "k": `"\`, "é": "\x01"}}
	case 3:
		d.Metadata.Extra = map[string]string{}
	}
	return d
}

// instant returns one of few times, so that bounds meet events, some with more digits than are kept.
func (m *machine) instant() time.Time {
	return pick(m, "time", time.Time{}, start, start.Truncate(time.Microsecond), start.Add(time.Microsecond), start.Add(time.Hour).In(time.FixedZone("", -3600)),
		time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), time.Date(1969, 12, 31, 23, 59, 59, 999_999_999, time.UTC))
}

// spoil makes c what no store accepts, or only one without limits does.
func (m *machine) spoil(c *call) {
	a := &c.appends[len(c.appends)-1]
	if len(a.Events) == 0 {
		a.Close = false
		return
	}
	d := &a.Events[len(a.Events)-1]
	switch m.below("how", 14) {
	case 0:
		c.appends = nil
	case 1:
		a.Events = nil
	case 2:
		d.ID = event.ID{}
	case 3:
		d.Type = pick(m, "type", "", "a\x00", "\xff", strings.Repeat("x", event.MaxNameBytes+1))
	case 4:
		d.Schema = pick(m, "schema", 0, -1, 1<<30+1)
	case 5:
		d.Data = []byte(pick(m, "data", "", "{", `"`+secret, `{"`+secret+`":"\u0000"}`, `"\ud800"`, "\"\xff\"", `1 2`, `01`, "\ufeff1"))
	case 6:
		d.Data = []byte(strings.Repeat("[", 600) + strings.Repeat("]", 600))
	case 7:
		d.Metadata.Tenant = "c"
	case 8:
		d.Metadata.Extra = map[string]string{"k": pick(m, "extra", "\x00", "\xff")}
	case 9:
		d.Occurred = pick(m, "time", time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC))
	case 10:
		a.Stream.ID = pick(m, "id", "", "a\x00", "\xff", strings.Repeat("x", event.MaxNameBytes+1))
	case 11:
		a.Stream.Category = pick(m, "category", "", "1a", "a-b")
	case 12:
		a.Events = append(a.Events, *d)
	case 13:
		d.Data = []byte(`"` + strings.Repeat("x", 60) + `"`)
	}
}

// sendAgain sends what was stored before, sometimes with a change.
func (m *machine) sendAgain() {
	if len(m.sent) == 0 {
		return
	}
	old := m.sent[m.below("call", len(m.sent))]
	c := call{tenant: old.tenant, appends: slices.Clone(old.appends)}
	k := m.below("append", len(c.appends))
	a := &c.appends[k]
	a.Expect = m.expectation(tenantStream{c.tenant, a.Stream})
	a.Events = slices.Clone(a.Events)
	n := len(a.Events)
	switch how := m.below("change", 16); {
	case how == 1:
		c.tenant = m.tenant()
	case how == 2:
		a.Events = append(a.Events, m.draft(true))
	case how == 3:
		a.Close = !a.Close
	case how == 4 && n > 0:
		a.Events[n-1].Data = []byte(`"other"`)
	case how == 5 && n > 0:
		a.Events[0].Type = "other"
	case how == 6 && n > 0:
		a.Events[0].Schema++
	case how == 7:
		c.appends = c.appends[k : k+1]
	case how == 8:
		c.appends = append(c.appends, m.appendTo(c.tenant, event.StreamID{Category: "other", ID: "more"}))
	case how == 9:
		slices.Reverse(a.Events)
	case how == 10:
		slices.Reverse(c.appends)
	case how == 11 && n > 0:
		a.Events = a.Events[1:]
	case how == 12 && n > 0:
		a.Events[0].Metadata, a.Events[0].Occurred = event.Metadata{Actor: "other"}, m.instant()
	case how == 13:
		a.Stream = m.stream()
	case how == 14 && n > 0:
		a.Events = a.Events[:n-1]
	}
	m.send(m.in(c.tenant), c)
}

// send appends c on each side, and remembers what came of it.
func (m *machine) send(ctx context.Context, c call) {
	m.ask(describe(ctx, c.tenant)+" appends "+c.String(), func(s *side) (kind, text string) {
		results, err := s.streams().Append(ctx, c.appends...)
		if kind, text = s.results(ctx, c.appends, results, err); kind != "stored" || s != m.sides[0] {
			return kind, text
		}
		for i, res := range results {
			m.heads[tenantStream{c.tenant, c.appends[i].Stream}] = res.Version
		}
		c.at = m.clock.now()
		m.sent = append(m.sent, c)
		return kind, text
	})
}

func (c call) String() string {
	var parts []string
	for _, a := range c.appends {
		text := fmt.Sprintf("to %+q/%+q expecting %v:", short(a.Stream.Category), short(a.Stream.ID), a.Expect)
		for i, d := range a.Events {
			if i == 5 {
				text += fmt.Sprintf(" … %d more", len(a.Events)-i)
				break
			}
			text += fmt.Sprintf(" %s %+q/%d %+q", number(d.ID), short(d.Type), d.Schema, short(string(d.Data)))
			if !d.Occurred.IsZero() && !d.Occurred.Equal(start) {
				text += " of " + d.Occurred.Format(time.RFC3339Nano)
			}
			if md := fmt.Sprintf("%+q", d.Metadata); md != fmt.Sprintf("%+q", event.Metadata{}) {
				text += " " + md
			}
		}
		if a.Close {
			text += " and closes it"
		}
		parts = append(parts, text)
	}
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, "\n         and ")
}

func short(s string) string { return s[:min(len(s), 40)] }
