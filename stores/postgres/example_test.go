package postgres_test

import (
	"context"
	"fmt"
	"log"

	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/stores/postgres"
)

func Example() {
	ctx := context.Background()
	store, err := postgres.Open(ctx, database, postgres.Config{}) // postgres://user:password@host/database
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	if err := store.Migrate(ctx); err != nil {
		log.Fatal(err)
	}

	stream := event.StreamID{Category: "note", ID: "1"}
	_, err = store.Append(ctx, eventstore.Append{Stream: stream, Expect: eventstore.NoStream, Events: []event.Draft{
		{ID: event.NewID(), Type: "note.written", Schema: 1, Data: []byte(`{"Text": "milk"}`)},
	}})
	if err != nil {
		log.Fatal(err)
	}
	for rec, err := range store.Read(ctx, stream, eventstore.ReadQuery{}) {
		fmt.Println(rec.Stream, rec.Version, rec.Type, string(rec.Data), err)
	}
	// Output: note-1 1 note.written {"Text": "milk"} <nil>
}

// A row of the caller's own and an event that are stored together, or not at all.
func ExampleStore_InTx() {
	ctx := context.Background()
	store, err := postgres.Open(ctx, database, postgres.Config{Schema: "shop"})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	if err := store.Migrate(ctx); err != nil {
		log.Fatal(err)
	}

	type Receipt struct{ Number int }
	err = store.InTx(ctx, func(ctx context.Context, tx bun.Tx, streams eventstore.Streams) error {
		if _, err := tx.NewCreateTable().Model((*Receipt)(nil)).Exec(ctx); err != nil {
			return err
		}
		if _, err := tx.NewInsert().Model(&Receipt{Number: 7}).Exec(ctx); err != nil {
			return err
		}
		_, err := streams.Append(ctx, eventstore.Append{
			Stream: event.StreamID{Category: "order", ID: "7"}, Expect: eventstore.NoStream,
			Events: []event.Draft{{ID: event.NewID(), Type: "order.paid", Schema: 1, Data: []byte(`{}`)}},
		})
		return err
	})
	receipts, _ := store.DB().NewSelect().Model((*Receipt)(nil)).Count(ctx)
	head, _ := store.Head(ctx)
	fmt.Println(receipts, !head.IsZero(), err)
	// Output: 1 true <nil>
}
