package bench_test

import (
	"testing"

	"github.com/eventsource-go/eventsource/bench"
	"github.com/eventsource-go/eventsource/bench/domain"
	"github.com/eventsource-go/eventsource/bench/peers"
	"github.com/eventsource-go/eventsource/core/aggregate"
	"github.com/eventsource-go/eventsource/core/memstore"
)

func BenchmarkLoad(b *testing.B)        { drive(b, "Load", bench.CPU()) }
func BenchmarkCreate(b *testing.B)      { drive(b, "Create", bench.CPU()) }
func BenchmarkLoadAndSave(b *testing.B) { drive(b, "LoadAndSave", bench.CPU()) }
func BenchmarkFold(b *testing.B)        { drive(b, "Fold", bench.CPU()) }

func repository() *aggregate.Repository[domain.Account, domain.Event] {
	return aggregate.NewRepository(memstore.New(), peers.Type, aggregate.Config{})
}

// A3: allocations for each event on load.
func TestAllocationsOnLoad(t *testing.T) {
	const events = 1000
	accounts := repository()
	if _, err := accounts.Execute(peers.Why(t.Context()), "1", peers.Post{N: events}); err != nil {
		t.Fatal(err)
	}
	perLoad := testing.AllocsPerRun(20, func() {
		if _, _, err := accounts.Load(t.Context(), "1"); err != nil {
			t.Fatal(err)
		}
	})
	t.Logf("%.3f", perLoad/events)
}

// A4: allocations for a new aggregate with two events.
func TestAllocationsOnCreate(t *testing.T) {
	const runs = 100
	ids := make([]string, runs+1)
	for i := range ids {
		ids[i] = domain.ID(i).String()
	}
	accounts, ctx, i := repository(), peers.Why(t.Context()), 0
	allocs := testing.AllocsPerRun(runs, func() {
		if _, err := accounts.Execute(ctx, ids[i], peers.Post{N: 2}); err != nil {
			t.Fatal(err)
		}
		i++
	})
	t.Log(allocs)
}
