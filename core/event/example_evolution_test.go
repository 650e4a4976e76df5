package event_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/eventsource-go/eventsource/core/event"
)

// MemberNamed is schema 2 of "member.named".
type MemberNamed struct{ First, Last string }

// memberNamed1 is schema 1. Nothing writes it any more; what was stored is read through it.
type memberNamed1 struct{ Name string }

var memberEvents = event.NewRegistry(map[string]any{"member.named": MemberNamed{}},
	event.Alias("person.named", "member.named"), // stored as person.named, read as member.named
	event.Retire("member.nicknamed"),            // stored, and means nothing any more
	// From schema 1 to the next, by the name in the table, whatever the events were stored as.
	event.Upcast("member.named", 1, splitName))

func splitName(old memberNamed1) (MemberNamed, error) {
	first, last, _ := strings.Cut(old.Name, " ")
	return MemberNamed{First: first, Last: last}, nil
}

// What was stored under older names and in older forms is read in the present one.
func Example_evolution() {
	ctx := context.Background()
	draft, err := memberEvents.Encode(ctx, event.Header{ID: event.NewID()}, MemberNamed{"Ada", "Lovelace"})
	fmt.Println("stored now:", draft.Type, draft.Schema, string(draft.Data), err)

	for _, rec := range []event.Record{
		{Header: event.Header{Type: "person.named", Schema: 1}, Data: []byte(`{"Name":"Grace Hopper"}`)},
		{Header: event.Header{Type: "member.named", Schema: 2}, Data: []byte(`{"First":"Mary","Last":"Shaw"}`)},
		{Header: event.Header{Type: "member.nicknamed", Schema: 1}, Data: []byte(`{"Name":"Amazing Grace"}`)},
	} {
		env, ok, err := memberEvents.Decode(ctx, rec)
		fmt.Printf("%s, schema %d: %+v %v %v\n", rec.Type, rec.Schema, env.Event, ok, err)
	}
	// Output:
	// stored now: member.named 2 {"First":"Ada","Last":"Lovelace"} <nil>
	// person.named, schema 1: {First:Grace Last:Hopper} true <nil>
	// member.named, schema 2: {First:Mary Last:Shaw} true <nil>
	// member.nicknamed, schema 1: <nil> false <nil>
}

// A name is changed in two steps, so that while both programs run each reads what the other writes. First a program that
// knows the new name and still writes the old one; then, when no older one is left, one that writes the new.
func ExampleAlias() {
	first := event.NewRegistry(map[string]any{"person.named": MemberNamed{}}, event.Alias("member.named", "person.named"))
	second := event.NewRegistry(map[string]any{"member.named": MemberNamed{}}, event.Alias("person.named", "member.named"))
	for _, registry := range []*event.Registry[any]{first, second} {
		draft, err := registry.Encode(context.Background(), event.Header{ID: event.NewID()}, MemberNamed{"Ada", "Lovelace"})
		fmt.Println("writes", draft.Type, "and reads", registry.Names(), err)
	}
	// Output:
	// writes person.named and reads [member.named person.named] <nil>
	// writes member.named and reads [member.named person.named] <nil>
}
