package eventstoretest

import (
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

var secondCases = []scenario{
	{name: "Second/HasTheSameData", run: secondSees},
	{name: "Second/OneWinnerPerVersion", run: secondRaces},
	{name: "Second/AnyNeverConflicts", run: secondAny},
	{name: "Second/SentAgainThere", run: secondReplays},
	{name: "Second/FollowersMissNothingAndAgree", run: func(t *trial) {
		s := t.open()
		follow(t, s, t.features.Second(t.TB, s))
	}},
	{name: "Second/FollowersOfBoth", run: secondFollowed},
}

// secondNotifyCases are for stores that claim both.
var secondNotifyCases = []scenario{
	{name: "Second/WakesTheFirst", run: func(t *trial) {
		s := t.open()
		notifyRaced(t, t.features.Second(t.TB, s), s)
	}},
}

// secondSees appends on one and looks on the other, to and fro.
func secondSees(t *trial) {
	s := t.open()
	stores := []eventstore.Store{s, t.features.Second(t.TB, s)}
	if stores[1] == stores[0] {
		t.Fatal("the second is the first")
	}
	for i := range 10 {
		w, r := stores[i%2], stores[(i+1)%2]
		a := to(one, eventstore.Exactly(event.Version(2*i)), "a", "b")
		requirePlaces(t, r, one, event.Version(2*i), 2, t.append(w, a)[0])
		if ours, theirs := t.contents(w), t.contents(r); ours != theirs {
			t.Fatalf("one holds\n%sthe other\n%s", ours, theirs)
		}
	}
	recs := t.readAll(stores[0])
	rest, _ := t.readFeed(t.Context(), stores[1], eventstore.FeedQuery{After: cursorOf(recs[9])})
	t.requireSame("what follows a cursor of the first", rest, recs[10:])
	t.append(stores[0], closing(to(one, eventstore.Any)))
	requireClosed(t, stores[1], one, 20)
}

func secondRaces(t *trial) {
	s := t.open()
	stores := []eventstore.Store{s, t.features.Second(t.TB, s)}
	for v := range 4 {
		raceAt(t, func(i int) eventstore.Store { return stores[i%2] }, one, event.Version(2*v))
	}
}

func secondAny(t *trial) {
	s := t.open()
	stores := []eventstore.Store{s, t.features.Second(t.TB, s)}
	const each = 10
	together(8, func(i int) {
		for range each {
			if _, err := stores[i%2].Append(t.Context(), to(one, eventstore.Any, "a", "b"), to(two, eventstore.Any, "c")); err != nil {
				t.Error(err)
			}
		}
	})
	for _, s := range stores {
		requireDense(t, s, one, 2*8*each)
		requireDense(t, s, two, 8*each)
	}
}

func secondReplays(t *trial) {
	s := t.open()
	other := t.features.Second(t.TB, s)
	appends := []eventstore.Append{to(one, eventstore.NoStream, "a", "b"), to(two, eventstore.NoStream, "c")}
	first := t.append(s, appends...)
	sentAgain(t, other, "on the other", first, appends...)
}

// secondFollowed has writers and followers on both at once.
func secondFollowed(t *trial) {
	s := t.open()
	other := t.features.Second(t.TB, s)
	writer := func(s eventstore.Store, tenant string) func(tick func()) {
		return func(tick func()) {
			ctx := event.WithTenant(t.Context(), tenant)
			for i := range 60 {
				tick()
				if _, err := s.Append(ctx, to(numbered(i%3), eventstore.Any, "a", "b")); err != nil {
					t.Error(err)
				}
			}
		}
	}
	ours := &follower{name: "on the first", query: eventstore.FeedQuery{Limit: 7}}
	theirs := &follower{name: "on the second", query: eventstore.FeedQuery{Limit: 500}}
	writers := []func(tick func()){writer(s, "a"), writer(other, "b")}
	while(func(tick func()) { together(2, func(i int) { writers[i](tick) }) }, func() { ours.step(t, s) }, func() { theirs.step(t, other) })
	for _, c := range []struct {
		f *follower
		s eventstore.Store
	}{{ours, s}, {theirs, other}} {
		c.f.finish(t, c.s)
		t.requireSame(c.f.name, c.f.recs, t.readAll(s))
	}
	if len(ours.recs) != 240 {
		t.Errorf("%d records, want 240", len(ours.recs))
	}
}
