package history_test

import (
	"testing"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/e2e/chaos/history"
)

func TestUnknownOutcomesThatStayUnknown(t *testing.T) {
	log, _ := good()
	there, absent := call(0, 9, 10, adds("b", eventstore.Any, 4)), call(1, 9, 10, adds("b", eventstore.NoStream, 8))
	for name, c := range map[string]struct {
		call history.Call
		text string
	}{
		"it was there":                     {acked(there, replayed(result(1, 4, 4))), ""},
		"it was there, and is new":         {acked(there, result(1, 4, 4)), "it was there, and was acknowledged"},
		"it was there, and is refused":     {conflict(there, 1), "it was there, and was refused"},
		"it was not there":                 {acked(absent, result(2, 8, 8)), ""},
		"it was not there, and can't be":   {conflict(absent, 1), ""},
		"it was not there, and is old":     {acked(absent, replayed(result(2, 8, 8))), "as if it had been"},
		"it is still unknown":              {unknown(absent), "unknown still"},
		"refused for no reason of its own": {refused(absent, "duplicate"), "refused (duplicate)"},
	} {
		want(t, name, history.CheckResolved(log, []history.Call{c.call}), c.text)
	}
}

func TestLogsThatDoNotGoOn(t *testing.T) {
	log, _ := good()
	want(t, "it goes on", history.CheckBeginning(saw(log.Records[:2]...), log), "")
	want(t, "changed", history.CheckBeginning(saw(log.Records[1]), log), "there is event")
	want(t, "shorter", history.CheckBeginning(saw(append(log.Records, rec(6, "a", 4))...), log), "of 5 events 4 are left")
}

func TestTally(t *testing.T) {
	log, calls := good()
	if got, want := history.Count(calls, log), (history.Tally{
		Events: 4, Streams: 2, Calls: 6, Acknowledged: 2, Replayed: 1, Refused: 2, Conflicts: 1, Unknown: 2, UnknownStored: 1,
	}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	broken := history.NewLog([]event.Record{rec(1, "a", 1), rec(1, "a", 2), rec(3, "a", 4)})
	back := refused(call(5, 0, 1, adds("c", eventstore.Any, 9)), "rolled back")
	back.RolledBack = true
	if got, want := history.Count(append(calls, back), broken), (history.Tally{
		Events: 3, Streams: 1, Calls: 7, Acknowledged: 2, Replayed: 1, Refused: 3, Conflicts: 1, RolledBack: 1, Unknown: 2,
		Lost: 3, Doubled: 1, Holes: 1,
	}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}
