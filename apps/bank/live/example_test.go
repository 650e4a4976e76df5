package live_test

import (
	"context"
	"fmt"

	"github.com/eventsource-go/eventsource/apps/bank/live"
)

func Example() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var b live.Broadcaster
	changes := b.Changes(ctx)
	b.Publish(live.Change{Account: "A1", Version: 7}) // a subscription does this
	c := <-changes
	fmt.Println(c.Account, c.Version)

	b.Close() // the bank is closing
	_, open := <-changes
	fmt.Println(open)
	// Output:
	// A1 7
	// false
}
