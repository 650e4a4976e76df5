package eventstoretest

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// Tx is a transaction on a store's database that a case holds open while it looks at the store.
// It is used from one goroutine at a time. Whatever is left open when tb ends is rolled back by
// who began it.
type Tx struct {
	// Streams is the store as the transaction sees it. An append may wait for another
	// transaction that has appended to the same stream.
	Streams eventstore.Streams

	// Write writes something to the same database that is no event.
	Write func(ctx context.Context) error

	Commit, Rollback func() error
}

var txCases = []scenario{
	{name: "Tx/ReadsItsOwnWrites", run: txReads},
	{name: "Tx/NobodyElseReadsThem", run: txHides},
	{name: "Tx/RolledBackAtEachStep", run: txRollsBack},
	{name: "Tx/RefusedAppendLeavesItAlive", run: txRefuses},
	{name: "Tx/SentAgain", run: txReplays},
	{name: "Tx/FeedShowsItWhole", run: txShows},
	{name: "Tx/WroteElsewhereFirst", run: txWroteFirst},
	{name: "Tx/WroteElsewhereOnly", run: txWroteOnly},
}

// begin begins a transaction on the database of s.
func (t *trial) begin(s eventstore.Store) Tx {
	t.Helper()
	return t.features.Begin(t.TB, s)
}

// end ends a transaction by its Commit or Rollback.
func (t *trial) end(how func() error) {
	t.Helper()
	if err := how(); err != nil {
		t.Fatalf("the end of a transaction: %v", err)
	}
}

func txReads(t *trial) {
	s := t.open()
	t.append(s, to(one, eventstore.NoStream, "1"))
	tx := t.begin(s)
	a := to(one, eventstore.Exactly(1), "2", "3")
	res := t.append(tx.Streams, a, to(two, eventstore.NoStream, "a"))
	res = append(res, t.append(tx.Streams, to(one, eventstore.Exactly(3), "4"))...)
	if res[0].Version != 3 || res[1].Version != 1 || res[2].Version != 4 {
		t.Errorf("results %+v", res)
	}
	for _, c := range []struct {
		q    eventstore.ReadQuery
		want string
	}{
		{eventstore.ReadQuery{}, "[1 2 3 4]"},
		{eventstore.ReadQuery{Backward: true, Limit: 2}, "[4 3]"},
		{eventstore.ReadQuery{After: 1, UpTo: 3}, "[2 3]"},
	} {
		if got := fmt.Sprint(t.readTypes(tx.Streams, one, c.q)); got != c.want {
			t.Errorf("inside, %+v: %s, want %s", c.q, got, c.want)
		}
	}
	if found, err := tx.Streams.Lookup(t.Context(), a.Events[1].ID, event.NewID()); err != nil || len(found) != 1 || found[0].Version != 3 {
		t.Errorf("look-up inside: %s, %v", brief(found), err)
	}
	inside := t.read(tx.Streams, one, eventstore.ReadQuery{})
	t.end(tx.Commit)
	t.requireSame("what was inside", t.read(s, one, eventstore.ReadQuery{}), inside)
	requirePlaces(t, s, two, 0, 1, res[1])
	requirePlaces(t, s, one, 3, 1, res[2])
}

// txHides looks from outside as a transaction proceeds.
func txHides(t *trial) {
	s := t.open()
	first := to(one, eventstore.NoStream, "1")
	t.append(s, first)
	w := t.watch(s, everyReader)
	p := w.begin()
	list := t.list(t.Context(), s, "test")
	for v := range 3 {
		a := to(one, eventstore.Exactly(event.Version(1+2*v)), "x", "y")
		p.append(a, to(numbered(10+v), eventstore.NoStream, "x"))
		if got := fmt.Sprint(t.readTypes(s, one, eventstore.ReadQuery{})); got != "[1]" {
			t.Errorf("from outside, the stream is %s", got)
		}
		if found, err := s.Lookup(t.Context(), a.Events[0].ID, first.Events[0].ID); err != nil || len(found) != 1 {
			t.Errorf("look-up from outside: %s, %v", brief(found), err)
		}
		if got := t.list(t.Context(), s, "test"); !slices.Equal(got, list) {
			t.Errorf("from outside, there are %v, want %v", got, list)
		}
	}
	p.commit()
	requireDense(t, s, one, 7)
	w.finish()
}

// txRollsBack rolls a transaction back after one step, after two, and so on. Nothing is left,
// and nobody waits for what will never be.
func txRollsBack(t *trial) {
	s := t.open()
	t.append(s, to(one, eventstore.NoStream, "a"))
	w := t.watch(s, everyReader)
	steps := []func(p *party){
		func(*party) {},
		func(p *party) { p.write() },
		func(p *party) { p.append(to(one, eventstore.Exactly(1), "x", "y")) },
		func(p *party) { p.append(to(two, eventstore.NoStream, "x"), to(one, eventstore.Exactly(3), "z")) },
		func(p *party) { p.refused(to(two, eventstore.Any, "x"), to(one, eventstore.Exactly(1), "x")) },
		func(p *party) { p.append(closing(to(one, eventstore.Any, "y"))) },
	}
	for n := range len(steps) + 1 {
		t.requireUnchangedButTheEnd(s, fmt.Sprintf("rolled back after step %d", n), func() {
			p := w.begin()
			for _, step := range steps[:n] {
				step(p)
			}
			p.rollback()
		})
		w.append(to(numbered(100+n), eventstore.NoStream, "x", "a"))
	}
	w.append(to(one, eventstore.Exactly(1), "b"), to(two, eventstore.NoStream, "b"))
	w.finish()
}

// requireUnchangedButTheEnd is requireUnchanged, without the head: positions may have been used.
func (t *trial) requireUnchangedButTheEnd(s eventstore.Store, what string, fn func()) {
	t.Helper()
	seen := func() (all string) {
		for _, rec := range t.readAll(s) {
			all += fmt.Sprintln(rec.Header)
		}
		return all + fmt.Sprint(t.list(t.Context(), s, "test"))
	}
	was := seen()
	if fn(); seen() != was {
		t.Errorf("%s: left\n%swhere there was\n%s", what, shortened(seen()), shortened(was))
	}
}

func txRefuses(t *trial) {
	s := t.open()
	taken := to(one, eventstore.NoStream, "1")
	t.append(s, taken, closing(to(numbered(9), eventstore.NoStream, "a")))
	w := t.watch(s, everyReader)
	p := w.begin()
	bad := to(two, eventstore.Any, "x")
	bad.Events[0].ID = taken.Events[0].ID
	for i, c := range []struct {
		a    eventstore.Append
		want error
	}{
		{to(one, eventstore.NoStream, "x"), eventstore.ErrConflict},
		{to(numbered(8), eventstore.StreamExists, "x"), eventstore.ErrConflict},
		{to(numbered(9), eventstore.Any, "x"), eventstore.ErrStreamClosed},
		{bad, eventstore.ErrDuplicateEvent},
		{to(two, eventstore.Any), eventstore.ErrInvalidAppend},
	} {
		p.append(to(one, eventstore.Exactly(event.Version(i+1)), fmt.Sprint(i+2)))
		if err := p.refused(to(numbered(7), eventstore.Any, "x"), c.a); !errors.Is(err, c.want) {
			t.Errorf("refusal %d: %v, want %v", i, err, c.want)
		}
	}
	p.append(to(two, eventstore.NoStream, "a"))
	p.commit()
	if got := fmt.Sprint(t.readTypes(s, one, eventstore.ReadQuery{}), t.readTypes(s, two, eventstore.ReadQuery{})); got != "[1 2 3 4 5 6] [a]" {
		t.Errorf("it stored %s", got)
	}
	w.finish()
}

// txReplays sends events again, in the transaction, after its rollback and after its commit.
func txReplays(t *trial) {
	s := t.open()
	a := to(one, eventstore.NoStream, "a", "b")
	for _, commits := range []bool{false, true} {
		tx := t.begin(s)
		first := t.append(tx.Streams, a)
		again, err := tx.Streams.Append(t.Context(), a)
		if err != nil || len(again) != 1 || !again[0].Replayed || first[0].Replayed || again[0].Version != 2 || again[0].Position != first[0].Position {
			t.Fatalf("sent again inside: %+v, %v; the first time %+v", again, err, first)
		}
		if !commits {
			t.end(tx.Rollback)
			continue
		}
		t.end(tx.Commit)
		sentAgain(t, s, "sent again outside", first, a)
		tx = t.begin(s)
		if again, err := tx.Streams.Append(t.Context(), a); err != nil || !again[0].Replayed || again[0].Position != first[0].Position {
			t.Errorf("sent again in another transaction: %+v, %v", again, err)
		}
		t.end(tx.Commit)
	}
	requireDense(t, s, one, 2)
}

// txShows: the feed has the events of a transaction in the order in which it appended them.
func txShows(t *trial) {
	s := t.open()
	w := t.watch(s, everyReader)
	var want []event.ID
	for range 3 {
		w.append(to(two, eventstore.Any, "z"))
		p := w.begin()
		for i := range 4 {
			p.tenant = []string{"", "a"}[i%2]
			appends := []eventstore.Append{to(two, eventstore.Any, "x", "y", "x"), to(event.StreamID{Category: "other", ID: "1"}, eventstore.Any, "y"), to(one, eventstore.Any, "x")}
			p.append(appends[:1+i%3]...)
		}
		p.commit()
		for _, rec := range p.drawn {
			want = append(want, rec.ID)
		}
	}
	full := only(w.finish(), func(rec event.Record) bool { return rec.Type != "z" })
	if !slices.EqualFunc(full, want, func(rec event.Record, id event.ID) bool { return rec.ID == id }) {
		t.Errorf("the feed shows %s, which is not the order of the appends", brief(full))
	}
}

// txWroteFirst has transactions that exist before they append.
func txWroteFirst(t *trial) {
	s := t.open()
	w := t.watch(s, everyReader)
	w.restarting(1)
	for i := range 4 {
		p := w.begin()
		p.write()
		p.append(to(one, eventstore.Any, "x", "y"))
		p.write()
		p.append(to(two, eventstore.Any, "y"), to(one, eventstore.Any, "x"))
		if i%2 == 0 {
			p.commit()
		} else {
			p.rollback()
		}
		w.append(to(one, eventstore.Any, "x"))
	}
	w.finish()
	requireDense(t, s, one, 10)
}

// txWroteOnly: whoever has not appended is in nobody's way.
func txWroteOnly(t *trial) {
	s := t.open()
	w := t.watch(s, everyReader)
	for i := range 3 {
		w.append(to(one, eventstore.Any, "x", "y"))
		p := w.begin()
		t.read(p.tx.Streams, one, eventstore.ReadQuery{})
		w.look("after a read inside")
		p.write()
		p.refused(to(one, eventstore.Exactly(99), "x"))
		if i == 0 {
			p.rollback()
		} else {
			p.commit()
		}
	}
	w.finish()
}
