package memstore_test

import (
	"context"
	"fmt"
	"time"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/memstore"
)

// A store for a test: small limits, a clock that stands still.
func Example() {
	noon := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	store := memstore.NewWith(memstore.Config{
		Policy: eventstore.Policy{MaxEventBytes: 20, RequireTenant: true},
		Now:    func() time.Time { return noon },
	})
	note := func(ctx context.Context, text string) error {
		_, err := store.Append(ctx, eventstore.Append{
			Stream: event.StreamID{Category: "note", ID: "1"}, Expect: eventstore.Any,
			Events: []event.Draft{{ID: event.NewID(), Type: "note.taken", Schema: 1, Data: fmt.Appendf(nil, "%q", text)}},
		})
		return err
	}
	ctx := event.WithTenant(context.Background(), "acme")
	fmt.Println(note(ctx, "short"))
	fmt.Println(note(ctx, "much longer than that"))
	fmt.Println(note(context.Background(), "whose?"))

	page, _ := store.Page(ctx, eventstore.FeedQuery{})
	for _, rec := range page.Records {
		fmt.Println(rec.Metadata.Tenant, rec.Stream, rec.Recorded.Format(time.TimeOnly), string(rec.Data))
	}
	// Output:
	// <nil>
	// invalid append to note-1: event 0: note.taken has 23 bytes, at most 20 are allowed
	// tenant: required, and missing in the context
	// acme note-1 12:00:00 "short"
}
