package esfx_test

import (
	"context"
	"fmt"

	"go.uber.org/fx"

	"github.com/eventsource-go/eventsource/core/aggregate"
	"github.com/eventsource-go/eventsource/core/checkpoint"
	"github.com/eventsource-go/eventsource/core/esfx"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/memstore"
	"github.com/eventsource-go/eventsource/core/projection"
	"github.com/eventsource-go/eventsource/core/subscription"
)

// total is a view: the sum over all counters.
type total struct{ sum int }

func (v *total) project(_ context.Context, env event.Envelope[any]) error {
	v.sum += env.Event.(counted).By
	return nil
}

func newTotalSubscription(v *total, checkpoints checkpoint.Store) subscription.Subscription {
	return subscription.New("total", projection.Of(events, v.project), checkpoints)
}

func Example() {
	ctx, view := context.Background(), new(total)
	var counters *aggregate.Repository[counter, any]
	var group *subscription.Group
	app := fx.New(
		fx.NopLogger,
		fx.Provide(func() eventstore.Store { return memstore.New() }),
		fx.Provide(func() checkpoint.Store { return new(memstore.Checkpoints) }),
		fx.Supply(view),
		esfx.Module,
		esfx.Aggregate(counterType),
		esfx.Subscribe(newTotalSubscription),
		fx.Populate(&counters, &group), // an application would fx.Provide its own servers, and esfx.Run them
	)
	if err := app.Start(ctx); err != nil {
		fmt.Println(err)
		return
	}
	res, _ := counters.Execute(ctx, "1", count{By: 3})
	err := group.WaitFor(ctx, "total", res.Position)
	fmt.Println(view.sum, err)
	fmt.Println(app.Stop(ctx))
	// Output:
	// 3 <nil>
	// <nil>
}
