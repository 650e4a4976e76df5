package checkpoint_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/eventsource-go/eventsource/core/checkpoint"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/memstore"
)

// A checkpoint moves on, never back, and knows which event it stands at.
func Example() {
	ctx := context.Background()
	var checkpoints checkpoint.Store = new(memstore.Checkpoints)

	store := event.NewID()
	cursor := func(n uint64) event.Cursor {
		return event.Cursor{Position: event.NewPosition(store, n), Event: event.NewID()}
	}
	tenth := cursor(10)
	fmt.Println(checkpoints.Save(ctx, "balances", tenth))
	err := checkpoints.Save(ctx, "balances", cursor(9))
	fmt.Println(err, errors.Is(err, checkpoint.ErrBehind))

	cur, err := checkpoints.Load(ctx, "balances")
	fmt.Println(cur == tenth, err)
	cur, err = checkpoints.Load(ctx, "statements")
	fmt.Println(cur.Position.IsZero(), err)
	// Output:
	// <nil>
	// checkpoint is ahead true
	// true <nil>
	// true <nil>
}
