package event_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/eventsource-go/eventsource/core/event"
)

type PersonNamed struct{ First, Last string }

// A registry gives Go types their names on the wire, which are for ever, and reads what was
// stored before they had their present form.
func ExampleNewRegistry() {
	type named1 struct{ Name string }
	persons := event.NewRegistry(map[string]any{"person.named": PersonNamed{}},
		event.Alias("human.named", "person.named"),
		event.Upcast("person.named", 1, func(old named1) (PersonNamed, error) {
			first, last, _ := strings.Cut(old.Name, " ")
			return PersonNamed{first, last}, nil
		}))

	draft, err := persons.Encode(context.Background(), event.Header{ID: event.NewID()}, PersonNamed{"Ada", "Lovelace"})
	fmt.Println(draft.Type, draft.Schema, string(draft.Data), err)

	stored := event.Record{Header: event.Header{Type: "human.named", Schema: 1}, Data: []byte(`{"Name":"Grace Hopper"}`)}
	env, ok, err := persons.Decode(context.Background(), stored)
	fmt.Printf("%+v %v %v\n", env.Event, ok, err)
	// Output:
	// person.named 2 {"First":"Ada","Last":"Lovelace"} <nil>
	// {First:Grace Last:Hopper} true <nil>
}

// Metadata travels in the context and is stamped on every event.
func ExampleWithActor() {
	ctx := event.WithTenant(context.Background(), "acme")
	ctx = event.WithActor(event.WithCorrelation(ctx, "request-7"), "ann")
	md := event.MetadataFrom(ctx)
	fmt.Println(md.Tenant, md.Correlation, md.Actor)
	// Output: acme request-7 ann
}

// Positions are opaque: compare them, keep them as text, give them back.
func ExamplePosition_Compare() {
	store := event.NewID()
	early, late := event.NewPosition(store, 41), event.NewPosition(store, 42)
	order, err := early.Compare(late)
	fmt.Println(order, err)

	kept, _ := event.ParsePosition(early.String())
	fmt.Println(kept == early)

	_, err = early.Compare(event.NewPosition(event.NewID(), 1))
	fmt.Println(errors.Is(err, event.ErrForeignPosition))
	// Output:
	// -1 <nil>
	// true
	// true
}

func ExampleParseStreamID() {
	id, err := event.ParseStreamID("account-2026-0042")
	fmt.Println(id.Category, id.ID, err)
	// Output: account 2026-0042 <nil>
}
