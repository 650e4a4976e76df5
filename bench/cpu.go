package bench

import (
	"context"
	"fmt"
	"unsafe"

	"github.com/eventsource-go/eventsource/bench/domain"
	"github.com/eventsource-go/eventsource/bench/peers"
	"github.com/eventsource-go/eventsource/bench/peers/eventhorizon"
	"github.com/eventsource-go/eventsource/bench/peers/goes"
	"github.com/eventsource-go/eventsource/bench/peers/hallgren"
	"github.com/eventsource-go/eventsource/bench/side"
)

// Libraries are who is compared in memory.
func Libraries() []peers.Library {
	return []peers.Library{peers.Ours, hallgren.Library, goes.Library, eventhorizon.Library}
}

// CPU returns the cases that touch no disk. Cases of one group are compared with each other.
func CPU() [][]side.Case {
	return [][]side.Case{load(100), load(10_000), create(), loadAndSave(100), fold(10_000)}
}

func inMemory(n int) string { return fmt.Sprintf("store=memory/json=%s/n=%d", JSON, n) }

// load rebuilds one account of n events.
func load(n int) []side.Case {
	var cases []side.Case
	for _, lib := range Libraries() {
		cases = append(cases, side.Case{
			Scenario: "Load", Impl: lib.Name, Params: inMemory(n), Events: n,
			Open: func(ctx context.Context, _ string) (side.Subject, error) {
				l, err := seeded(ctx, lib, 1, n)
				return side.Subject{Do: func(context.Context, int, int) error {
					a, err := l.Load(ctx, 0)
					if err == nil && a.Postings != int64(n) {
						err = fmt.Errorf("%d events instead of %d", a.Postings, n)
					}
					return err
				}}, err
			},
		})
	}
	return cases
}

// create stores new accounts of two events. The ledger is a new one every few thousand
// accounts, so that what is measured is not the garbage collector's walk over all of them.
func create() []side.Case {
	const most = 4096
	var cases []side.Case
	for _, lib := range Libraries() {
		cases = append(cases, side.Case{
			Scenario: "Create", Impl: lib.Name, Params: inMemory(2), Events: 2,
			Open: func(ctx context.Context, _ string) (side.Subject, error) {
				l, err := lib.Open()
				ctx = peers.Why(ctx) // as others have it made before
				return side.Subject{Do: func(_ context.Context, _, i int) error {
					if i%most == 0 {
						if l, err = lib.Open(); err != nil {
							return err
						}
					}
					return l.Create(ctx, i%most)
				}}, err
			},
		})
	}
	return cases
}

// loadAndSave loads accounts of about n events and stores one more. It goes around many
// accounts, so that none grows much within a window.
func loadAndSave(n int) []side.Case {
	const accounts = 512
	var cases []side.Case
	for _, lib := range Libraries() {
		cases = append(cases, side.Case{
			Scenario: "LoadAndSave", Impl: lib.Name, Params: inMemory(n), Events: 1,
			Open: func(ctx context.Context, _ string) (side.Subject, error) {
				ctx = peers.Why(ctx)
				l, err := seeded(ctx, lib, accounts, n)
				return side.Subject{Do: func(_ context.Context, _, i int) error {
					return l.Add(ctx, i%accounts, 1)
				}}, err
			},
		})
	}
	return cases
}

// fold applies n decoded events. The base is a loop that calls the domain's own Apply. An Apply
// as short as this one the compiler inlines into such a loop, which it can't do with a longer
// one, nor in any library: that is measured too.
func fold(n int) []side.Case {
	events := make([]domain.Event, n)
	for i := range events {
		events[i] = domain.EventAt(i)
	}
	want := domain.Want(n)
	folded := func(impl string, do func(*domain.Account)) side.Case {
		return side.Case{
			Scenario: "Fold", Impl: impl, Params: fmt.Sprintf("n=%d", n), Events: n,
			Open: func(context.Context, string) (side.Subject, error) {
				var line struct { // so that the account is on one line of the cache, in all cases
					domain.Account
					_ [64 - unsafe.Sizeof(domain.Account{})]byte
				}
				a := &line.Account
				return side.Subject{Do: func(context.Context, int, int) error {
					*a = domain.Account{}
					if do(a); *a != want {
						return fmt.Errorf("folded to %+v, want %+v", *a, want)
					}
					return nil
				}}, nil
			},
		}
	}
	return []side.Case{
		folded("ours", func(a *domain.Account) {
			for _, e := range events {
				peers.Type.Apply(a, e)
			}
		}),
		folded("declared", func(a *domain.Account) {
			for _, e := range events {
				peers.Declared.Apply(a, e)
			}
		}),
		folded("loop", func(a *domain.Account) {
			for _, e := range events {
				called(a, e)
			}
		}),
		folded("inlined", func(a *domain.Account) {
			for _, e := range events {
				a.Apply(e)
			}
		}),
	}
}

// called is Apply as it is where it is too long to be inlined.
//
//go:noinline
func called(a *domain.Account, e domain.Event) { a.Apply(e) }

// seeded opens a ledger with some accounts of n events each.
func seeded(ctx context.Context, lib peers.Library, accounts, n int) (peers.Ledger, error) {
	l, err := lib.Open()
	for i := 0; i < accounts && err == nil; i++ {
		if err = l.Create(ctx, i); err == nil {
			err = l.Add(ctx, i, n-2)
		}
	}
	return l, err
}
