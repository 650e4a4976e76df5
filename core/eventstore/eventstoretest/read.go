package eventstoretest

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

var readCases = []scenario{
	{name: "Read/AbsentStreamIsEmpty", run: readAbsent},
	{name: "Read/VersionBounds", run: readBounds},
	{name: "Read/SinceAndUntilAreInclusive", run: readTimes},
	{name: "Read/LimitCountsWhatIsSelected", run: readLimit},
	{name: "Read/EveryCombination", run: readCombined},
	{name: "Read/LongerThanPages", run: readLong},
	{name: "Read/RecordsAreTheReceivers", run: readCopies},
	{name: "Read/RangedTwice", run: readTwice},
}

func isJSON(data []byte) bool { return json.Valid(data) }

func readAbsent(t *trial) {
	s := t.open()
	t.append(s, to(one, eventstore.NoStream, "a"))
	for _, q := range []eventstore.ReadQuery{{}, {Backward: true}, {After: 1}, {Limit: 1}, {Since: time.Unix(0, 0)}} {
		for _, stream := range []event.StreamID{two, {Category: "other", ID: "1"}, {Category: "test", ID: "11"}} {
			if recs := t.read(s, stream, q); len(recs) != 0 {
				t.Errorf("%s has %s", stream, brief(recs))
			}
		}
	}
	if infos := t.list(t.Context(), s, "test"); len(infos) != 1 {
		t.Errorf("reading made streams: %v", infos)
	}
}

func readBounds(t *trial) {
	s := t.open()
	t.append(s, to(one, eventstore.NoStream, "1", "2", "3", "4"))
	for _, c := range []struct {
		q    eventstore.ReadQuery
		want string
	}{
		{eventstore.ReadQuery{}, "[1 2 3 4]"},
		{eventstore.ReadQuery{After: 2}, "[3 4]"},
		{eventstore.ReadQuery{After: 4}, "[]"},
		{eventstore.ReadQuery{After: 9}, "[]"},
		{eventstore.ReadQuery{After: math.MaxInt64}, "[]"},
		{eventstore.ReadQuery{After: math.MaxUint64}, "[]"},
		{eventstore.ReadQuery{UpTo: 2}, "[1 2]"},
		{eventstore.ReadQuery{UpTo: 9}, "[1 2 3 4]"},
		{eventstore.ReadQuery{UpTo: math.MaxInt64}, "[1 2 3 4]"},
		{eventstore.ReadQuery{UpTo: math.MaxUint64}, "[1 2 3 4]"},
		{eventstore.ReadQuery{After: 1, UpTo: 3}, "[2 3]"},
		{eventstore.ReadQuery{After: 3, UpTo: 3}, "[]"},
		{eventstore.ReadQuery{After: 3, UpTo: 2}, "[]"},
		{eventstore.ReadQuery{Backward: true}, "[4 3 2 1]"},
		{eventstore.ReadQuery{Backward: true, After: 2}, "[4 3]"},
		{eventstore.ReadQuery{Backward: true, UpTo: 3}, "[3 2 1]"},
		{eventstore.ReadQuery{Backward: true, After: 1, UpTo: 3}, "[3 2]"},
		{eventstore.ReadQuery{Limit: 2}, "[1 2]"},
		{eventstore.ReadQuery{Limit: 9}, "[1 2 3 4]"},
		{eventstore.ReadQuery{Limit: math.MaxInt}, "[1 2 3 4]"},
		{eventstore.ReadQuery{After: 1, Limit: 2}, "[2 3]"},
		{eventstore.ReadQuery{Backward: true, Limit: 2}, "[4 3]"},
		{eventstore.ReadQuery{Backward: true, UpTo: 3, Limit: 2}, "[3 2]"},
	} {
		if got := fmt.Sprint(t.readTypes(s, one, c.q)); got != c.want {
			t.Errorf("%+v: %s, want %s", c.q, got, c.want)
		}
	}
}

var noon = time.Date(2024, 5, 6, 12, 0, 0, 0, time.UTC)

// hours appends to one an event for each of the hours at which they occurred, which also
// name their types.
func (t *trial) hours(s eventstore.Store, hours ...int) {
	t.Helper()
	a := eventstore.Append{Stream: one, Expect: eventstore.Any}
	for _, h := range hours {
		d := draft(fmt.Sprint(h))
		d.Occurred = noon.Add(time.Duration(h) * time.Hour)
		a.Events = append(a.Events, d)
	}
	t.append(s, a)
}

func readTimes(t *trial) {
	s := t.open()
	t.hours(s, 1, 2, 2, 0, 3) // nothing says that they are in order
	at := func(h int) time.Time { return noon.Add(time.Duration(h) * time.Hour) }
	zone := time.FixedZone("", 5*3600+30*60)
	for _, c := range []struct {
		q    eventstore.ReadQuery
		want string
	}{
		{eventstore.ReadQuery{Since: at(2)}, "[2 2 3]"},
		{eventstore.ReadQuery{Since: at(2).In(zone)}, "[2 2 3]"},
		{eventstore.ReadQuery{Since: at(2).Add(time.Microsecond)}, "[3]"},
		{eventstore.ReadQuery{Since: at(2).Add(time.Nanosecond)}, "[3]"},
		{eventstore.ReadQuery{Since: at(-1)}, "[1 2 2 0 3]"},
		{eventstore.ReadQuery{Since: at(4)}, "[]"},
		{eventstore.ReadQuery{Until: at(1)}, "[1 0]"},
		{eventstore.ReadQuery{Until: at(1).In(zone)}, "[1 0]"},
		{eventstore.ReadQuery{Until: at(1).Add(-time.Microsecond)}, "[0]"},
		{eventstore.ReadQuery{Until: at(1).Add(-time.Nanosecond)}, "[0]"},
		{eventstore.ReadQuery{Until: at(1).Add(time.Nanosecond)}, "[1 0]"},
		{eventstore.ReadQuery{Until: at(-1)}, "[]"},
		{eventstore.ReadQuery{Since: at(1), Until: at(2)}, "[1 2 2]"},
		{eventstore.ReadQuery{Since: at(2), Until: at(1)}, "[]"},
		{eventstore.ReadQuery{Since: at(1), Until: at(2), Backward: true}, "[2 2 1]"},
		{eventstore.ReadQuery{Since: at(1), After: 1, UpTo: 4}, "[2 2]"},
		{eventstore.ReadQuery{Until: time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)}, "[1 2 2 0 3]"},
		{eventstore.ReadQuery{Since: time.Date(1, 1, 1, 0, 0, 0, 1000, time.UTC)}, "[1 2 2 0 3]"},
	} {
		if got := fmt.Sprint(t.readTypes(s, one, c.q)); got != c.want {
			t.Errorf("%+v: %s, want %s", c.q, got, c.want)
		}
	}
}

func readLimit(t *trial) {
	s := t.open()
	t.hours(s, 9, 9, 9, 1, 2, 9, 3)
	until := noon.Add(5 * time.Hour)
	for _, c := range []struct {
		q    eventstore.ReadQuery
		want string
	}{
		{eventstore.ReadQuery{Until: until, Limit: 1}, "[1]"},
		{eventstore.ReadQuery{Until: until, Limit: 2}, "[1 2]"},
		{eventstore.ReadQuery{Until: until, Limit: 3}, "[1 2 3]"},
		{eventstore.ReadQuery{Until: until, Limit: 4}, "[1 2 3]"},
		{eventstore.ReadQuery{Until: until, Limit: 2, Backward: true}, "[3 2]"},
		{eventstore.ReadQuery{Until: until, Limit: 1, After: 4}, "[2]"},
		{eventstore.ReadQuery{Until: until, Limit: 1, UpTo: 6, Backward: true}, "[2]"},
	} {
		if got := fmt.Sprint(t.readTypes(s, one, c.q)); got != c.want {
			t.Errorf("%+v: %s, want %s", c.q, got, c.want)
		}
	}
}

// readCombined compares every combination of bounds with a filter of the whole.
func readCombined(t *trial) {
	s := t.open()
	t.hours(s, 3, 1, 4, 1, 5, 9, 2, 6)
	all := t.read(s, one, eventstore.ReadQuery{})
	hours := []time.Time{{}, noon.Add(2 * time.Hour), noon.Add(5 * time.Hour)}
	for _, after := range []event.Version{0, 3} {
		for _, upTo := range []event.Version{0, 2, 7} {
			for _, since := range hours {
				for _, until := range hours {
					for _, limit := range []int{0, 1, 3} {
						for _, backward := range []bool{false, true} {
							q := eventstore.ReadQuery{After: after, UpTo: upTo, Since: since, Until: until, Limit: limit, Backward: backward}
							t.requireSame(fmt.Sprintf("%+v", q), t.read(s, one, q), selected(all, q))
						}
					}
				}
			}
		}
	}
}

// selected is what q selects of a whole stream.
func selected(all []event.Record, q eventstore.ReadQuery) []event.Record {
	recs := only(all, func(rec event.Record) bool { return q.Selects(rec.Header) })
	if q.Backward {
		slices.Reverse(recs)
	}
	if q.Limit > 0 {
		recs = recs[:min(q.Limit, len(recs))]
	}
	return recs
}

func readLong(t *trial) {
	s := t.open()
	const n = 2*eventstore.DefaultPageEvents + 3
	a := many(one, eventstore.NoStream, n)
	for i := range a.Events {
		a.Events[i].Data = fmt.Append(nil, i)
	}
	t.append(s, a, many(two, eventstore.NoStream, n))
	all := t.read(s, one, eventstore.ReadQuery{})
	if len(all) != n {
		t.Fatalf("%d events, want %d", len(all), n)
	}
	const page = eventstore.DefaultPageEvents
	for _, backward := range []bool{false, true} {
		for _, q := range []eventstore.ReadQuery{
			{}, {Limit: page - 1}, {Limit: page}, {Limit: page + 1}, {Limit: 2 * page}, {Limit: 2*page + 1},
			{After: page}, {After: page - 1, Limit: page + 2}, {UpTo: page + 1}, {After: 1, UpTo: n - 1},
		} {
			q.Backward = backward
			t.requireSame(fmt.Sprintf("%+v", q), t.read(s, one, q), selected(all, q))
		}
	}
}

func readCopies(t *trial) {
	s := t.open()
	a := to(one, eventstore.NoStream, "a", "b")
	a.Events[0].Metadata.Extra = map[string]string{"k": "v"}
	t.append(s, a)
	before := t.contents(s)
	spoil := func(recs []event.Record, err error) {
		if err != nil || len(recs) != 2 {
			t.Fatalf("%s, %v", brief(recs), err)
		}
		recs[0].Data[2] = 'x'
		recs[0].Metadata.Extra["k"] = "changed"
		recs[0].Metadata.Extra["new"] = "one"
	}
	for what, get := range map[string]func() ([]event.Record, error){
		"read":     func() ([]event.Record, error) { return t.read(s, one, eventstore.ReadQuery{}), nil },
		"page":     func() ([]event.Record, error) { return t.readAll(s), nil },
		"look-up":  func() ([]event.Record, error) { return s.Lookup(t.Context(), a.Events[0].ID, a.Events[1].ID) },
		"look-up2": func() ([]event.Record, error) { return s.Lookup(t.Context(), a.Events[0].ID, a.Events[0].ID) },
	} {
		spoil(get())
		if after := t.contents(s); after != before {
			t.Fatalf("the receiver of a %s changed what is stored from\n%sto\n%s", what, before, after)
		}
	}
}

func readTwice(t *trial) {
	s := t.open()
	t.append(s, to(one, eventstore.NoStream, "a", "b"))
	seq := s.Read(t.Context(), one, eventstore.ReadQuery{})
	first := t.collect(seq)
	t.requireSame("ranged again", t.collect(seq), first)
	t.append(s, to(one, eventstore.Any, "c"))
	if again := t.collect(seq); len(again) != 3 {
		t.Errorf("ranged after an append: %s", brief(again))
	}
}
