package demo_test

import (
	"context"
	"fmt"

	"github.com/eventsource-go/eventsource/apps/bank/demo"
	"github.com/eventsource-go/eventsource/core/memstore"
)

func Example() {
	store := memstore.New()
	first, err := demo.Run(context.Background(), store, demo.Config{Accounts: 3, Months: 1})
	fmt.Println(first.New == first.Steps, err)
	again, err := demo.Run(context.Background(), store, demo.Config{Accounts: 3, Months: 1})
	fmt.Println(again.New, err)
	// Output:
	// true <nil>
	// 0 <nil>
}
