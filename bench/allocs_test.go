package bench_test

import (
	"math"
	"runtime/debug"
	"testing"

	"github.com/eventsource-go/eventsource/bench/domain"
	"github.com/eventsource-go/eventsource/bench/peers"
	"github.com/eventsource-go/eventsource/core/aggregate"
	"github.com/eventsource-go/eventsource/core/memstore"
)

// onLoad is goal A3: bytes that are the reader's, one copy of them for the event's strings, and the
// event in its interface.
const onLoad = 3

// onCreate is goal A4: a new aggregate and two events.
const onCreate = 16

func repository() *aggregate.Repository[domain.Account, domain.Event] {
	return aggregate.NewRepository(memstore.New(), peers.Type, aggregate.Config{})
}

func TestAllocationsOnLoad(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // a collection empties the pools that decoders are in
	ctx, accounts := peers.Why(t.Context()), repository()
	perLoad := func(id string, events int) float64 {
		if _, err := accounts.Execute(ctx, id, peers.Post{N: events}); err != nil {
			t.Fatal(err)
		}
		return testing.AllocsPerRun(10, func() {
			if _, v, err := accounts.Load(ctx, id); err != nil || int(v) != events {
				t.Fatalf("loaded version %d, error %v", v, err)
			}
		})
	}
	const few, many = 1000, 3000
	perEvent := (perLoad("many", many) - perLoad("few", few)) / (many - few) // what one load costs cancels out
	if limit := float64(onLoad + raceSlack); math.Round(100*perEvent)/100 > limit {
		t.Errorf("%.2f allocations for each event on load, at most %g are allowed", perEvent, limit)
	}
}

func TestAllocationsOnCreate(t *testing.T) {
	const runs = 200
	ids := make([]string, runs+1) // one more to warm up
	for i := range ids {
		ids[i] = domain.ID(i).String()
	}
	ctx, accounts, next := peers.Why(t.Context()), repository(), 0
	allocs := testing.AllocsPerRun(runs, func() {
		if _, err := accounts.Execute(ctx, ids[next], peers.Post{N: 2}); err != nil {
			t.Fatal(err)
		}
		next++
	})
	if limit := float64(onCreate + 6*raceSlack); allocs > limit {
		t.Errorf("%g allocations for a new aggregate and two events, at most %g are allowed", allocs, limit)
	}
}

// A6: folding decoded events allocates nothing, by Apply or by handlers.
func TestAllocationsOnFold(t *testing.T) {
	events := make([]domain.Event, 1000)
	for i := range events {
		events[i] = domain.EventAt(i)
	}
	for name, typ := range map[string]aggregate.Type[domain.Account, domain.Event]{"Apply": peers.Type, "On": peers.Declared} {
		a := new(domain.Account)
		allocs := testing.AllocsPerRun(10, func() {
			for _, e := range events {
				typ.Apply(a, e)
			}
		})
		if allocs > 0 {
			t.Errorf("%s: %g allocations for %d events, none is allowed", name, allocs, len(events))
		}
	}
}
