package sqlitefx_test

import (
	"context"
	"fmt"

	"go.uber.org/fx"

	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/stores/sqlite/sqlitefx"
)

func Example() {
	app := fx.New(fx.NopLogger,
		sqlitefx.Module,
		fx.Supply(sqlitefx.Config{Path: ":memory:", Migrate: true}),
		fx.Invoke(func(lc fx.Lifecycle, store eventstore.Store) {
			lc.Append(fx.StartHook(func(ctx context.Context) error {
				head, err := store.Head(ctx)
				fmt.Println("empty:", head.IsZero())
				return err
			}))
		}))
	ctx := context.Background()
	if err := app.Start(ctx); err != nil {
		fmt.Println(err)
	}
	fmt.Println(app.Stop(ctx))
	// Output:
	// empty: true
	// <nil>
}
