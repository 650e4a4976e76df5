package history

import (
	"cmp"
	"slices"
	"time"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// CheckAcknowledged says what was acknowledged and is not there, or is elsewhere.
func CheckAcknowledged(calls []Call, log *Log) error {
	var wrong problems
	for _, c := range calls {
		if c.Outcome != Acknowledged {
			continue
		}
		if c.RolledBack || len(c.Results) != len(c.Appends) {
			wrong.addf("%v: %d results of %d appends, rolled back: %t", c, len(c.Results), len(c.Appends), c.RolledBack)
			continue
		}
		for i, a := range c.Appends {
			landed(c, a, c.Results[i], log, &wrong)
		}
	}
	return wrong.err()
}

// landed compares where events are with where they were said to be.
func landed(c Call, a eventstore.Append, said eventstore.AppendResult, log *Log, wrong *problems) {
	for i, d := range a.Events {
		rec, ok := log.Find(d.ID)
		if !ok {
			wrong.addf("%v: acknowledged, and event %v is lost", c, d.ID)
			continue
		}
		if want := said.Version - event.Version(len(a.Events)-1-i); rec.Version != want {
			wrong.addf("%v: event %v is at version %d, and was acknowledged at %d", c, d.ID, rec.Version, want)
		}
		if i == 0 && rec.Position != said.First || i == len(a.Events)-1 && rec.Position != said.Position {
			wrong.addf("%v: event %v is at %v, and was acknowledged from %v to %v", c, d.ID, rec.Position, said.First, said.Position)
		}
	}
}

// CheckRefused says which calls were refused, or rolled back, whose events are there all the same,
// unless another call of the same op may have stored them. A conflict is for ever: versions only
// grow, and what is stored already is no conflict but a replay. Refusals of other kinds than those
// expected are wrong in any case.
func CheckRefused(calls []Call, log *Log, expected ...string) error {
	may := make(map[[2]int]bool) // ops with another call that may have stored them
	for _, c := range calls {
		if c.Outcome == Unknown || c.Outcome == Acknowledged && !c.replayed() {
			may[[2]int{c.Writer, c.Index}] = true
		}
	}
	var wrong problems
	for _, c := range calls {
		if c.Outcome != Refused {
			continue
		}
		if !slices.Contains(expected, c.Refusal) {
			wrong.addf("%v: refused: %s", c, c.Refusal)
		}
		if there, _ := log.stored(c.Op); there > 0 && (c.Conflict != nil || !may[[2]int{c.Writer, c.Index}]) {
			wrong.addf("%v: refused (%s), and %d of its events are there", c, c.Refusal, there)
		}
	}
	return wrong.err()
}

// CheckWhole says which ops are there in part.
func CheckWhole(calls []Call, log *Log) error {
	var wrong problems
	for _, c := range calls {
		if there, all := log.stored(c.Op); there > 0 && there < all {
			wrong.addf("%v: %v, and %d of its %d events are there", c, c.Outcome, there, all)
		}
	}
	return wrong.err()
}

// CheckAgain says which ops were acknowledged as stored before though no call before can have stored
// them, and which were acknowledged again with other places or as if they had been stored only then.
func CheckAgain(calls []Call) error {
	var wrong problems
	acked, may := make(map[[2]int]Call), make(map[[2]int]bool)
	byTime(calls, func(c Call) {
		op := [2]int{c.Writer, c.Index}
		first, known := acked[op]
		switch {
		case c.Outcome == Acknowledged && !known:
			if acked[op] = c; c.replayed() && !may[op] {
				wrong.addf("%v: acknowledged as stored before, which it was by nobody", c)
			}
		case c.Outcome == Acknowledged:
			for i, res := range c.Results {
				if was := first.Results[i]; !res.Replayed || res.Version != was.Version || res.First != was.First || res.Position != was.Position {
					wrong.addf("%v: acknowledged as %+v, then as %+v", c, was, res)
				}
			}
		}
		may[op] = may[op] || c.Outcome != Refused
	})
	return wrong.err()
}

// byTime calls fn for each call, in the order of their ends.
func byTime(calls []Call, fn func(Call)) {
	sorted := slices.SortedFunc(slices.Values(calls), func(a, b Call) int { return cmp.Compare(a.Ended, b.Ended) })
	for _, c := range sorted {
		fn(c)
	}
}

// CheckRealTime says which events stand before others that were acknowledged before the call that
// stored them began.
func CheckRealTime(calls []Call) error {
	var done, begun []Call
	for _, c := range calls {
		if c.Outcome != Acknowledged || c.replayed() {
			continue
		}
		done, begun = append(done, c), append(begun, c)
	}
	slices.SortFunc(done, func(a, b Call) int { return cmp.Compare(a.Ended, b.Ended) })
	slices.SortFunc(begun, func(a, b Call) int { return cmp.Compare(a.Began, b.Began) })
	var wrong problems
	var last Call
	var highest event.Position
	for _, c := range begun {
		for len(done) > 0 && done[0].Ended < c.Began {
			for _, res := range done[0].Results {
				if before(highest, res.Position) {
					highest, last = res.Position, done[0]
				}
			}
			done = done[1:]
		}
		for _, res := range c.Results {
			if before(res.First, highest) {
				wrong.addf("%v began after %v was acknowledged at %v, and stands at %v", c, last, highest, res.First)
			}
		}
	}
	return wrong.err()
}

// CheckUnknown says which calls ended without knowing their outcome though they could have known:
// before resolve had passed since they began, or while the server was in reach. Callers who left
// may be told so at any time, and a transaction may end so, because nobody can be asked whether it
// will never be committed.
func CheckUnknown(calls []Call, outages []Outage, resolve time.Duration) error {
	var wrong problems
	for _, c := range calls {
		if c.Outcome != Unknown || c.Left || c.InTx {
			continue
		}
		if took := c.Ended - c.Began; took < resolve {
			wrong.addf("%v: outcome unknown after %v", c, took)
			continue
		}
		var out time.Duration
		for _, o := range outages {
			if o.Line == -1 || o.Line == c.Line {
				out += max(0, min(o.Ended, c.Ended)-max(o.Began, c.Began))
			}
		}
		if out < resolve/2 {
			wrong.addf("%v: outcome unknown after %v, of which the server was out of reach for %v", c, c.Ended-c.Began, out)
		}
	}
	return wrong.err()
}

// CheckNotes says where what a transaction wrote beside its events does not go with them.
func CheckNotes(calls []Call, log *Log, notes map[event.ID]bool) error {
	var wrong problems
	left := make(map[event.ID]bool, len(notes))
	for id := range notes {
		left[id] = true
	}
	for _, c := range calls {
		if !c.InTx {
			continue
		}
		id := c.Appends[0].Events[0].ID
		delete(left, id)
		if _, stored := log.Find(id); stored != notes[id] {
			wrong.addf("%v: %v, its events are there: %t, its note: %t", c, c.Outcome, stored, notes[id])
		}
	}
	for id := range left {
		wrong.addf("a note about %v, which nobody left", id)
	}
	return wrong.err()
}
