package bench_test

import (
	"math"
	"runtime/debug"
	"testing"

	"github.com/eventsource-go/eventsource/bench"
	"github.com/eventsource-go/eventsource/bench/domain"
	"github.com/eventsource-go/eventsource/bench/peers"
	"github.com/eventsource-go/eventsource/core/aggregate"
	"github.com/eventsource-go/eventsource/core/memstore"
)

// onLoad is how many allocations an event of the bench, which has four strings and a time, may
// cost on load. Goal A3 is 3: bytes that are the reader's, the event in its interface, the one
// string that differs in each event. The engine v2 of encoding/json needs no more, but for the few
// strings that fall out of the cache that it keeps; v1 has a decoder, a path for its errors, and
// each string beside.
var onLoad = map[string]float64{"v1": 10, "v2": 3.05}

// onCreate is how many a new aggregate with two events may cost. Goal A4 is 16, and is not
// reached: the times of an event are looked for anew in each, and the event is decoded again to
// see what the wire makes of it. This holds what there is until then.
var onCreate = map[string]float64{"v1": 108, "v2": 92}

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
	if limit := onLoad[bench.JSON] + raceSlack; math.Round(100*perEvent)/100 > limit {
		t.Errorf("%.2f allocations for each event on load, at most %g are allowed with json %s", perEvent, limit, bench.JSON)
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
	if limit := onCreate[bench.JSON] + 6*raceSlack; allocs > limit {
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
