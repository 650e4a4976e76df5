package aggregate_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/eventsource-go/eventsource/core/aggregate"
	"github.com/eventsource-go/eventsource/core/memstore"
)

func BenchmarkLoad(b *testing.B) {
	for _, n := range []int{1, 100} {
		b.Run(fmt.Sprintf("events=%d", n), func(b *testing.B) {
			ctx := context.Background()
			accounts := aggregate.NewRepository(memstore.New(), accountType, aggregate.Config{})
			for range n {
				if _, err := accounts.ExecuteFunc(ctx, "1", deposit(1)); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := accounts.Load(ctx, "1"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// A new aggregate with two events.
func BenchmarkExecute(b *testing.B) {
	ctx := context.Background()
	accounts := aggregate.NewRepository(memstore.New(), accountType, aggregate.Config{})
	two := func(Account) ([]Event, error) { return []Event{Deposited{Amount: 1}, Withdrawn{Amount: 1}}, nil }
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := accounts.ExecuteFunc(ctx, fmt.Sprint(i), two); err != nil {
			b.Fatal(err)
		}
	}
}
