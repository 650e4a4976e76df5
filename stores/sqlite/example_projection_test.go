package sqlite_test

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"testing/fstest"

	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/subscription"
	"github.com/eventsource-go/eventsource/stores/bunstore"
	"github.com/eventsource-go/eventsource/stores/bunstore/migrate"
	"github.com/eventsource-go/eventsource/stores/sqlite"
)

type deposited struct{ Cents int64 }

var events = event.NewRegistry(map[string]any{"account.deposited": deposited{}})

// readModels are the tables of this service. Their files are embedded as a rule, by //go:embed migrations/*.sql.
var readModels = migrate.New("shop", fstest.MapFS{
	"0001_balances.sql": {Data: []byte("CREATE TABLE balances (account TEXT PRIMARY KEY, cents INTEGER NOT NULL) STRICT;")},
})

// Balance is a row of a read model.
type Balance struct {
	Account string `bun:",pk"`
	Cents   int64
}

// balances writes through the transaction that also moves the subscription's checkpoint, so each
// deposit is counted once, whenever the process ends.
var balances = bunstore.Project(events, func(ctx context.Context, tx bun.Tx, env event.Envelope[any]) error {
	row := &Balance{Account: env.Stream.ID, Cents: env.Event.(deposited).Cents}
	_, err := tx.NewInsert().Model(row).On("CONFLICT (account) DO UPDATE").Set("cents = balance.cents + EXCLUDED.cents").Exec(ctx)
	return err
})

func Example_projection() {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	store, err := sqlite.Open(ctx, ":memory:", sqlite.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	if err := store.Migrate(ctx); err != nil {
		log.Fatal(err)
	}
	err = store.InTx(ctx, func(ctx context.Context, tx bun.Tx, _ eventstore.Streams) error {
		return readModels.Apply(ctx, tx)
	})
	if err != nil {
		log.Fatal(err)
	}

	cfg := subscription.Config{Log: slog.Default()} // which is told what is tried again; group.Status is for health checks
	group, err := subscription.NewGroup(store, cfg, bunstore.NewSubscription("balances", balances, store))
	if err != nil {
		log.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- group.Run(ctx) }()

	draft, err := events.Encode(ctx, event.Header{ID: event.NewID()}, deposited{Cents: 1250})
	if err != nil {
		log.Fatal(err)
	}
	stored, err := store.Append(ctx, eventstore.Append{
		Stream: event.StreamID{Category: "account", ID: "42"}, Expect: eventstore.NoStream, Events: []event.Draft{draft},
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := group.WaitFor(ctx, "balances", stored[0].Position); err != nil { // read what was written
		log.Fatal(err)
	}
	var balance Balance
	err = store.DB().NewSelect().Model(&balance).Where("account = ?", "42").Scan(ctx)
	fmt.Println(balance.Account, balance.Cents, err)

	stop()
	fmt.Println(<-ended)
	// Output:
	// 42 1250 <nil>
	// <nil>
}
