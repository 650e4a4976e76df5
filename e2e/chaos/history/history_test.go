package history_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/e2e/chaos/history"
)

var store = event.ID{15: 1}

func at(n int) event.Position { return event.NewPosition(store, uint64(n)) }

func stream(id string) event.StreamID { return event.StreamID{Category: "chaos", ID: id} }

// id returns that of an event, by number.
func id(n int) event.ID { return event.ID{0: byte(n), 1: 1} }

// rec is an event of the log: its number is its type, payload and place, too.
func rec(n int, streamID string, v event.Version) event.Record {
	return event.Record{
		Header: event.Header{ID: id(n), Stream: stream(streamID), Version: v, Position: at(n), Type: kind(n), Schema: 1},
		Data:   fmt.Appendf(nil, `{"n":%d}`, n),
	}
}

func saw(records ...event.Record) []history.Sight {
	var seen []history.Sight
	for _, rec := range records {
		seen = append(seen, history.Saw(rec))
	}
	return seen
}

func kind(n int) string { return fmt.Sprint("chaos.", n%2) }

// adds appends the events of these numbers to a stream.
func adds(streamID string, expect eventstore.Expectation, numbers ...int) eventstore.Append {
	a := eventstore.Append{Stream: stream(streamID), Expect: expect}
	for _, n := range numbers {
		a.Events = append(a.Events, event.Draft{ID: id(n), Type: kind(n), Schema: 1, Data: fmt.Appendf(nil, `{"n":%d}`, n)})
	}
	return a
}

func result(v event.Version, first, last int) eventstore.AppendResult {
	return eventstore.AppendResult{Version: v, First: at(first), Position: at(last)}
}

// call is that of writer 0 unless it is changed.
func call(index int, began, ended int, appends ...eventstore.Append) history.Call {
	return history.Call{
		Op:    history.Op{Index: index, Appends: appends},
		Began: time.Duration(began) * time.Second, Ended: time.Duration(ended) * time.Second,
	}
}

func acked(c history.Call, results ...eventstore.AppendResult) history.Call {
	c.Results = results
	return c
}

func refused(c history.Call, kind string) history.Call {
	c.Outcome, c.Refusal = history.Refused, kind
	return c
}

func conflict(c history.Call, actual event.Version) history.Call {
	c = refused(c, "conflict")
	c.Conflict = &eventstore.ConflictError{Stream: c.Appends[0].Stream, Expected: c.Appends[0].Expect, Actual: actual}
	return c
}

func unknown(c history.Call) history.Call {
	c.Outcome = history.Unknown
	return c
}

func replayed(res eventstore.AppendResult) eventstore.AppendResult {
	res.Replayed = true
	return res
}

// want says what an error has to contain: "" is that there is none.
func want(t *testing.T, what string, err error, text string) {
	t.Helper()
	if text == "" && err != nil || text != "" && (err == nil || !strings.Contains(err.Error(), text)) {
		t.Errorf("%s: %v, want %q", what, err, text)
	}
}

// good is a log of two streams, and the calls that made it.
func good() (*history.Log, []history.Call) {
	log := history.NewLog([]event.Record{rec(1, "a", 1), rec(2, "a", 2), rec(4, "b", 1), rec(5, "a", 3)})
	return log, []history.Call{
		acked(call(0, 0, 1, adds("a", eventstore.NoStream, 1, 2)), result(2, 1, 2)),
		conflict(call(1, 1, 2, adds("a", eventstore.NoStream, 3)), 2),
		unknown(call(2, 2, 9, adds("b", eventstore.Any, 4), adds("a", eventstore.Exactly(2), 5))),
		acked(call(2, 10, 11, adds("b", eventstore.Any, 4), adds("a", eventstore.Exactly(2), 5)), replayed(result(1, 4, 4)), replayed(result(3, 5, 5))),
		unknown(call(3, 2, 9, adds("b", eventstore.Any, 6))),
		refused(call(4, 3, 4, adds("b", eventstore.Any, 7)), "unreachable"),
	}
}

func TestGoodHistory(t *testing.T) {
	log, calls := good()
	reads := []history.Read{{Stream: stream("a"), Began: time.Second + 1, Ended: 2 * time.Second, Version: 2, Last: id(2)}}
	want(t, "versions", history.CheckVersions(log), "")
	want(t, "sent", history.CheckSent(calls, log), "")
	want(t, "acknowledged", history.CheckAcknowledged(calls, log), "")
	want(t, "refused", history.CheckRefused(calls, log, "conflict", "unreachable"), "")
	want(t, "whole", history.CheckWhole(calls, log), "")
	want(t, "again", history.CheckAgain(calls), "")
	want(t, "real time", history.CheckRealTime(calls), "")
	want(t, "unknown", history.CheckUnknown(calls, []history.Outage{{Line: -1, Began: 3 * time.Second, Ended: 8 * time.Second}}, 5*time.Second), "")
	want(t, "reader", history.CheckReader(history.Reader{Seen: saw(log.Records...)}, log), "")
	want(t, "filter", history.CheckReader(history.Reader{Types: []string{kind(1)}, Seen: saw(log.Records[0], log.Records[3])}, log), "")
	judged, err := history.CheckLinear(calls, reads, log, "")
	if want(t, "linear", err, ""); judged != 5 {
		t.Errorf("%d operations were judged", judged)
	}
}

func TestLogsThatAreWrong(t *testing.T) {
	for name, c := range map[string]struct {
		records []event.Record
		text    string
	}{
		"hole":           {[]event.Record{rec(1, "a", 1), rec(2, "a", 3)}, "version 3 where 2 is next"},
		"starts late":    {[]event.Record{rec(1, "a", 2)}, "version 2 where 1 is next"},
		"version twice":  {[]event.Record{rec(1, "a", 1), rec(2, "a", 1)}, "version 1 where 2 is next"},
		"turned round":   {[]event.Record{rec(2, "a", 1), rec(1, "a", 2)}, ".1 follows "},
		"position twice": {[]event.Record{rec(1, "a", 1), rec(1, "b", 1)}, ".1 follows "},
		"id twice":       {[]event.Record{rec(1, "a", 1), {Header: event.Header{ID: id(1), Stream: stream("a"), Version: 2, Position: at(2)}}}, "is there twice"},
	} {
		want(t, name, history.CheckVersions(history.NewLog(c.records)), c.text)
	}
	other := rec(1, "a", 1)
	other.Data = []byte(`{}`)
	moved := rec(1, "b", 1)
	foreign := rec(1, "a", 1)
	foreign.Metadata.Tenant = "other"
	calls := []history.Call{acked(call(0, 0, 1, adds("a", eventstore.Any, 1)), result(1, 1, 1))}
	for name, c := range map[string]struct {
		rec  event.Record
		text string
	}{
		"sent by nobody": {rec(2, "a", 1), "sent by nobody"}, "changed": {other, "not as it was sent"},
		"moved": {moved, "not as it was sent"}, "of another tenant": {foreign, "not as it was sent"},
	} {
		want(t, name, history.CheckSent(calls, history.NewLog([]event.Record{c.rec})), c.text)
	}
}

func TestReadersThatWereShownSomethingElse(t *testing.T) {
	log, _ := good()
	r := log.Records
	changed := r[1]
	changed.Data = []byte(`{}`)
	for name, c := range map[string]struct {
		reader history.Reader
		text   string
	}{
		"one is missing":      {history.Reader{Seen: saw(r[0], r[2], r[3])}, "was never shown"},
		"the last is missing": {history.Reader{Seen: saw(r[:3]...)}, "was never shown"},
		"nothing":             {history.Reader{}, "was never shown"},
		"twice":               {history.Reader{Seen: saw(r[0], r[0], r[1], r[2], r[3])}, "shown twice"},
		"turned round":        {history.Reader{Seen: saw(r[0], r[2], r[1], r[3])}, "was shown after"},
		"phantom":             {history.Reader{Seen: saw(r[0], r[1], r[2], r[3], rec(6, "a", 4))}, "is not there"},
		"changed":             {history.Reader{Seen: saw(r[0], changed, r[2], r[3])}, "as another one"},
		"not asked for":       {history.Reader{Types: []string{kind(1)}, Seen: saw(r[0], r[1], r[3])}, "not asked for"},
		"of another tenant":   {history.Reader{Tenant: "x", Seen: saw(r[:1]...)}, "not asked for"},
	} {
		want(t, name, history.CheckReader(c.reader, log), c.text)
	}
}
