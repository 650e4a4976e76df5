package history_test

import (
	"testing"
	"time"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/e2e/chaos/history"
)

func TestAnswersThatWereNotTrue(t *testing.T) {
	log, calls := good()
	two := call(9, 0, 1, adds("a", eventstore.Any, 1, 2))
	lost := call(9, 0, 1, adds("a", eventstore.Any, 8))
	inPart := call(9, 0, 1, adds("a", eventstore.Any, 5, 8))
	rolledBack := acked(two, result(2, 1, 2))
	rolledBack.RolledBack = true
	for name, c := range map[string]struct {
		err  error
		text string
	}{
		"lost":                 {history.CheckAcknowledged([]history.Call{acked(lost, result(4, 8, 8))}, log), "is lost"},
		"lost in part":         {history.CheckAcknowledged([]history.Call{acked(inPart, result(4, 5, 8))}, log), "is lost"},
		"another version":      {history.CheckAcknowledged([]history.Call{acked(two, result(3, 1, 2))}, log), "at version 1, and was acknowledged at 2"},
		"another position":     {history.CheckAcknowledged([]history.Call{acked(two, result(2, 1, 3))}, log), "and was acknowledged from"},
		"another first":        {history.CheckAcknowledged([]history.Call{acked(two, result(2, 2, 2))}, log), "and was acknowledged from"},
		"no result":            {history.CheckAcknowledged([]history.Call{acked(two)}, log), "0 results of 1 appends"},
		"rolled back":          {history.CheckAcknowledged([]history.Call{rolledBack}, log), "rolled back: true"},
		"refused and there":    {history.CheckRefused([]history.Call{refused(two, "unreachable")}, log, "unreachable"), "2 of its events are there"},
		"conflict and there":   {history.CheckRefused([]history.Call{conflict(two, 7), unknown(two)}, log, "conflict"), "2 of its events are there"},
		"refused and replayed": {history.CheckRefused([]history.Call{refused(two, "left"), acked(call(9, 2, 3, two.Appends...), replayed(result(2, 1, 2)))}, log, "left"), "2 of its events are there"},
		"another refusal":      {history.CheckRefused([]history.Call{refused(lost, "duplicate")}, log, "conflict"), "refused: duplicate"},
		"in part":              {history.CheckWhole([]history.Call{unknown(inPart)}, log), "1 of its 2 events"},
		"in part, of two":      {history.CheckWhole([]history.Call{unknown(call(9, 0, 1, adds("a", eventstore.Any, 5), adds("c", eventstore.Any, 8)))}, log), "1 of its 2 events"},
		"elsewhere again":      {history.CheckAgain([]history.Call{acked(two, result(2, 1, 2)), acked(call(9, 2, 3, two.Appends...), replayed(result(2, 1, 3)))}), "then as"},
		"again at first":       {history.CheckAgain([]history.Call{acked(two, replayed(result(2, 1, 2)))}), "which it was by nobody"},
		"again after no":       {history.CheckAgain([]history.Call{refused(two, "left"), acked(call(9, 2, 3, two.Appends...), replayed(result(2, 1, 2)))}), "which it was by nobody"},
		"again, perhaps":       {history.CheckAgain([]history.Call{unknown(two), acked(call(9, 2, 3, two.Appends...), replayed(result(2, 1, 2)))}), ""},
		"new again":            {history.CheckAgain([]history.Call{acked(two, result(2, 1, 2)), acked(call(9, 2, 3, two.Appends...), result(2, 1, 2))}), "then as"},
		"earlier than before": {history.CheckRealTime([]history.Call{
			acked(call(0, 0, 1, adds("a", eventstore.Any, 2)), result(1, 2, 2)), acked(call(1, 2, 3, adds("b", eventstore.Any, 1)), result(1, 1, 1)),
		}), "began after"},
		"at the same time": {history.CheckRealTime([]history.Call{
			acked(call(0, 0, 3, adds("a", eventstore.Any, 2)), result(1, 2, 2)), acked(call(1, 2, 4, adds("b", eventstore.Any, 1)), result(1, 1, 1)),
		}), ""},
		"a replay stands where it stood": {history.CheckRealTime([]history.Call{
			acked(call(0, 0, 1, adds("a", eventstore.Any, 2)), result(1, 2, 2)), acked(call(1, 2, 3, adds("b", eventstore.Any, 1)), replayed(result(1, 1, 1))),
		}), ""},
	} {
		want(t, name, c.err, c.text)
	}
	want(t, "refused, then stored", history.CheckRefused(append(calls, refused(call(0, 0, 1, adds("a", eventstore.NoStream, 1, 2)), "unreachable")), log, "conflict", "unreachable"), "")
}

func TestOutcomesThatCouldHaveBeenKnown(t *testing.T) {
	const resolve = 4 * time.Second
	all := func(began, ended int) []history.Outage {
		return []history.Outage{{Line: -1, Began: time.Duration(began) * time.Second, Ended: time.Duration(ended) * time.Second}}
	}
	c := unknown(call(0, 0, 6, adds("a", eventstore.Any, 1)))
	early := c
	early.Ended = 3 * time.Second
	left, inTx := early, early
	left.Left, inTx.InTx = true, true
	for name, c := range map[string]struct {
		call    history.Call
		outages []history.Outage
		text    string
	}{
		"out of reach":             {c, all(1, 5), ""},
		"in reach":                 {c, nil, "out of reach for 0s"},
		"out of reach for a while": {c, all(0, 1), "out of reach for 1s"},
		"out of reach before":      {c, all(-9, 1), "out of reach for 1s"},
		"another line":             {c, []history.Outage{{Line: 1, Ended: 9 * time.Second}}, "out of reach for 0s"},
		"too early":                {early, all(0, 9), "unknown after 3s"},
		"the caller left":          {left, nil, ""},
		"a transaction":            {inTx, nil, ""},
	} {
		want(t, name, history.CheckUnknown([]history.Call{c.call}, c.outages, resolve), c.text)
	}
}

func TestNotesThatGoWithoutTheirEvents(t *testing.T) {
	log, _ := good()
	there, absent := call(0, 0, 1, adds("a", eventstore.Any, 1)), call(1, 0, 1, adds("a", eventstore.Any, 8))
	there.InTx, absent.InTx = true, true
	calls := []history.Call{there, absent}
	want(t, "as it should be", history.CheckNotes(calls, log, map[event.ID]bool{id(1): true}), "")
	want(t, "lost", history.CheckNotes(calls, log, nil), "its events are there: true, its note: false")
	want(t, "left over", history.CheckNotes(calls, log, map[event.ID]bool{id(1): true, id(8): true}), "its events are there: false, its note: true")
	want(t, "of nobody", history.CheckNotes(calls, log, map[event.ID]bool{id(1): true, id(9): true}), "which nobody left")
}

func TestHistoriesThatCantHaveBeen(t *testing.T) {
	read := func(began, ended int, v event.Version, last int) history.Read {
		r := history.Read{Client: 9, Stream: stream("a"), Began: time.Duration(began) * time.Second, Ended: time.Duration(ended) * time.Second, Version: v}
		if last > 0 {
			r.Last = id(last)
		}
		return r
	}
	one := func(index, began, ended int, expect eventstore.Expectation, n int) history.Call {
		return call(index, began, ended, adds("a", expect, n))
	}
	log := history.NewLog([]event.Record{rec(1, "a", 1), rec(2, "a", 2)})
	torn := read(0, 1, 0, 0)
	torn.Torn = "a hole"
	for name, c := range map[string]struct {
		calls []history.Call
		reads []history.Read
		text  string
	}{
		"one after the other":      {[]history.Call{acked(one(0, 0, 1, eventstore.NoStream, 1), result(1, 1, 1)), acked(one(1, 1, 2, eventstore.Exactly(1), 2), result(2, 2, 2))}, []history.Read{read(3, 4, 2, 2)}, ""},
		"unknown, seen later":      {[]history.Call{unknown(one(0, 0, 1, eventstore.Any, 1))}, []history.Read{read(2, 3, 0, 0), read(4, 5, 1, 1)}, ""},
		"unknown twice":            {[]history.Call{unknown(one(0, 0, 1, eventstore.Any, 1)), unknown(one(0, 1, 2, eventstore.Any, 1))}, []history.Read{read(2, 3, 1, 1)}, ""},
		"unknown, then stored":     {[]history.Call{unknown(one(0, 0, 1, eventstore.Any, 1)), acked(one(0, 1, 2, eventstore.Any, 1), result(1, 1, 1))}, []history.Read{read(2, 3, 1, 1)}, ""},
		"unknown and never there":  {[]history.Call{unknown(one(0, 0, 1, eventstore.Any, 8))}, []history.Read{read(2, 3, 0, 0)}, ""},
		"read before it is there":  {[]history.Call{acked(one(0, 5, 6, eventstore.Any, 1), result(1, 1, 1))}, []history.Read{read(2, 3, 1, 1)}, "Illegal"},
		"stale read":               {[]history.Call{acked(one(0, 0, 1, eventstore.Any, 1), result(1, 1, 1))}, []history.Read{read(2, 3, 0, 0)}, "Illegal"},
		"there and gone":           {[]history.Call{unknown(one(0, 0, 1, eventstore.Any, 1))}, []history.Read{read(2, 3, 1, 1), read(4, 5, 0, 0)}, "Illegal"},
		"two winners":              {[]history.Call{acked(one(0, 0, 9, eventstore.NoStream, 1), result(1, 1, 1)), acked(one(1, 0, 9, eventstore.NoStream, 2), result(1, 2, 2))}, nil, "Illegal"},
		"conflict with nothing":    {[]history.Call{conflict(one(0, 0, 1, eventstore.NoStream, 1), 0)}, nil, "Illegal"},
		"conflict with the future": {[]history.Call{conflict(one(0, 0, 1, eventstore.NoStream, 8), 1), acked(one(1, 2, 3, eventstore.NoStream, 1), result(1, 1, 1))}, nil, "Illegal"},
		"torn":                     {nil, []history.Read{torn}, "a hole"},
	} {
		page := ""
		if c.text == "Illegal" {
			page = t.TempDir() + "/history.html"
		}
		_, err := history.CheckLinear(c.calls, c.reads, log, page)
		want(t, name, err, c.text)
	}
}
