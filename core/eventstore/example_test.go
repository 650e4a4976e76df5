package eventstore_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/memstore"
)

func moved(amount int) event.Draft {
	return event.Draft{ID: event.NewID(), Type: "money.moved", Schema: 1, Data: fmt.Appendf(nil, `{"amount":%d}`, amount)}
}

// Append says what it expects of a stream. Of two who expect the same, the second learns
// what is there instead.
func Example() {
	ctx, store := context.Background(), memstore.New()
	account := event.StreamID{Category: "account", ID: "42"}

	deposit := eventstore.Append{Stream: account, Expect: eventstore.NoStream, Events: []event.Draft{moved(100)}}
	res, err := store.Append(ctx, deposit)
	fmt.Println(res[0].Version, err)

	res, err = store.Append(ctx, deposit) // sent again, because the answer was lost
	fmt.Println(res[0].Version, res[0].Replayed, err)

	_, err = store.Append(ctx, eventstore.Append{Stream: account, Expect: eventstore.NoStream, Events: []event.Draft{moved(50)}})
	conflict, _ := errors.AsType[*eventstore.ConflictError](err)
	fmt.Println(err, "/", conflict.Actual)

	for rec, err := range store.Read(ctx, account, eventstore.ReadQuery{Backward: true, Limit: 1}) {
		fmt.Println(rec.Version, string(rec.Data), err)
	}
	// Output:
	// 1 <nil>
	// 1 true <nil>
	// append to account-42: expected no stream, found version 1 / 1
	// 1 {"amount":100} <nil>
}

// Money leaves one account and arrives at another, or stays where it was.
func ExampleAtomic() {
	ctx, store := context.Background(), memstore.New()
	ann, bob := event.StreamID{Category: "account", ID: "ann"}, event.StreamID{Category: "account", ID: "bob"}

	transfer := func(amount int) error {
		_, err := eventstore.Atomic(ctx, store, func(ctx context.Context, tx eventstore.Streams) error {
			if _, err := tx.Append(ctx, eventstore.Append{Stream: ann, Expect: eventstore.Any, Events: []event.Draft{moved(-amount)}}); err != nil {
				return err
			}
			if amount > 100 {
				return errors.New("over the limit")
			}
			_, err := tx.Append(ctx, eventstore.Append{Stream: bob, Expect: eventstore.Any, Events: []event.Draft{moved(amount)}})
			return err
		})
		return err
	}
	fmt.Println(transfer(30), transfer(300))

	page, err := store.Page(ctx, eventstore.FeedQuery{Categories: []string{"account"}})
	for _, rec := range page.Records {
		fmt.Println(rec.Stream, rec.Version, string(rec.Data))
	}
	fmt.Println(page.AtHead, err)
	// Output:
	// <nil> over the limit
	// account-ann 1 {"amount":-30}
	// account-bob 1 {"amount":30}
	// true <nil>
}

// An ability beyond the port is found through whatever decorates the store.
func ExampleAs() {
	store := memstore.New()
	notifier, ok := eventstore.As[eventstore.Notifier](store)
	fmt.Println(ok)

	appended := notifier.Appended()
	_, err := store.Append(context.Background(), eventstore.Append{Stream: event.StreamID{Category: "account", ID: "42"}, Events: []event.Draft{moved(1)}})
	<-appended
	fmt.Println(err)
	// Output:
	// true
	// <nil>
}
