package health_test

import (
	"context"
	"fmt"

	"github.com/eventsource-go/eventsource/apps/bank/health"
)

func Example() {
	ctx := context.Background()
	h := health.New(health.Check{Name: "store", Check: func(context.Context) error { return nil }})
	fmt.Println(h.Ready(ctx))
	h.Drain()
	fmt.Println(h.Ready(ctx))
	// Output:
	// map[]
	// map[drain:draining]
}
