package subscription_test

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/memstore"
	"github.com/eventsource-go/eventsource/core/projection"
	"github.com/eventsource-go/eventsource/core/subscription"
)

type ItemSold struct{ SKU string }

var shopEvents = event.NewRegistry(map[string]any{"item.sold": ItemSold{}})

// A view in memory that follows the store, and a reader that waits until it sees its own write.
func Example() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	store, sold := memstore.New(), make(map[string]int)

	count := projection.Of(shopEvents, func(_ context.Context, env event.Envelope[any]) error {
		sold[env.Event.(ItemSold).SKU]++
		return nil
	})
	group, err := subscription.NewGroup(store, subscription.Config{Log: slog.Default()}, // says what is tried again
		subscription.New("sold", count, new(memstore.Checkpoints)))
	if err != nil {
		fmt.Println(err)
		return
	}
	done := make(chan error, 1)
	go func() { done <- group.Run(ctx) }()

	draft, _ := shopEvents.Encode(ctx, event.Header{ID: event.NewID()}, ItemSold{SKU: "tea"})
	results, _ := store.Append(ctx, eventstore.Append{
		Stream: event.StreamID{Category: "shop", ID: "1"},
		Events: []event.Draft{draft},
	})
	err = group.WaitFor(ctx, "sold", results[0].Position)
	fmt.Println(sold["tea"], err)

	for _, sub := range group.Status() { // for a health check
		fmt.Println(sub.Name, "fails with", sub.Failure)
	}

	cancel()
	fmt.Println(<-done)
	// Output:
	// 1 <nil>
	// sold fails with <nil>
	// <nil>
}
