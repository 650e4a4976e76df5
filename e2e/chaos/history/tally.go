package history

import "github.com/eventsource-go/eventsource/core/event"

// Tally is what a run came to, in numbers. Lost, Doubled and Holes must be 0.
type Tally struct {
	Events, Streams int

	Calls, Acknowledged, Replayed  int
	Refused, Conflicts, RolledBack int
	Unknown, UnknownStored         int // of the unknown, those whose events were there in the end

	Lost    int // events that were acknowledged and are not there
	Doubled int // ids that are there more than once
	Holes   int // versions that are missing from their streams
}

// Count counts.
func Count(calls []Call, log *Log) Tally {
	t := Tally{Events: len(log.Records), Calls: len(calls)}
	heads, versions := make(map[key]event.Version), make(map[key]int)
	for i, rec := range log.Records {
		if log.byID[rec.ID] != i {
			t.Doubled++
		}
		heads[keyOf(rec)] = max(heads[keyOf(rec)], rec.Version)
		versions[keyOf(rec)]++
	}
	t.Streams = len(heads)
	for k, head := range heads {
		t.Holes += max(0, int(head)-versions[k])
	}
	for _, c := range calls {
		there, all := log.stored(c.Op)
		switch c.Outcome {
		case Acknowledged:
			t.Acknowledged++
			t.Lost += all - there
			if c.replayed() {
				t.Replayed++
			}
		case Refused:
			t.Refused++
			if c.Conflict != nil {
				t.Conflicts++
			}
			if c.RolledBack {
				t.RolledBack++
			}
		case Unknown:
			t.Unknown++
			if there > 0 {
				t.UnknownStored++
			}
		}
	}
	return t
}
