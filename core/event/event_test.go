package event_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/eventsource-go/eventsource/core/event"
)

func TestStreamID(t *testing.T) {
	s, err := event.ParseStreamID("bank.account-a-b")
	if err != nil || s != (event.StreamID{Category: "bank.account", ID: "a-b"}) || s.String() != "bank.account-a-b" {
		t.Errorf("%+v, %v", s, err)
	}
	for _, bad := range []string{"", "account", "account-", "-1", "1a-1", "a b-1", "a\n-1", "a-\xff", "a-\x00", "a-" + strings.Repeat("x", 256)} {
		if s, err := event.ParseStreamID(bad); !errors.Is(err, event.ErrInvalidStream) {
			t.Errorf("%q is %+v", bad, s)
		}
	}
}

func FuzzPosition(f *testing.F) {
	mine, other := event.NewID(), event.NewID()
	for _, s := range []string{"", "0", mine.String() + ".42", mine.String() + ".042", mine.String() + ".0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var p event.Position
		if err := p.UnmarshalText([]byte(text)); err != nil {
			return
		}
		if back, _ := p.MarshalText(); string(back) != text {
			t.Fatalf("%q came back as %q", text, back)
		}
		if _, err := p.In(other); !p.IsZero() && !errors.Is(err, event.ErrForeignPosition) {
			t.Fatalf("%v in another store: %v", p, err)
		}
		if _, err := p.Compare(event.NewPosition(other, 1)); !p.IsZero() && !errors.Is(err, event.ErrForeignPosition) {
			t.Fatalf("%v compared with another store's: %v", p, err)
		}
	})
}

func TestMetadata(t *testing.T) {
	outer := event.WithExtra(event.WithTenant(t.Context(), "acme"), "k", "v")
	inner := event.WithExtra(event.WithActor(outer, "ann"), "k", "changed")
	if md := event.MetadataFrom(inner); md.Tenant != "acme" || md.Actor != "ann" || md.Extra["k"] != "changed" {
		t.Errorf("inner %+v", md)
	}
	if md := event.MetadataFrom(outer); md.Actor != "" || md.Extra["k"] != "v" {
		t.Errorf("outer %+v", md)
	}
	h := event.Header{ID: event.NewID(), Metadata: event.MetadataFrom(event.WithCorrelation(inner, "req"))}
	if md := event.MetadataFrom(event.WithCause(inner, h)); md.Correlation != "req" || md.Causation != h.ID.String() || md.Tenant != "acme" || md.Actor != "" {
		t.Errorf("caused %+v", md)
	}
}

type (
	named   struct{ First, Last string }
	renamed struct{ To string }
	oldName struct{ Name string }
)

func split(old oldName) (named, error) {
	first, last, ok := strings.Cut(old.Name, " ")
	if !ok {
		return named{}, event.ErrDropped
	}
	return named{first, last}, nil
}

func same(data json.RawMessage) (json.RawMessage, error) { return data, nil }

func TestEvolution(t *testing.T) {
	reg := event.NewRegistry(map[string]any{"person.named": named{}, "person.renamed": renamed{}},
		event.Upcast("person.named", 2, split), event.Upcast("person.named", 1, same),
		event.Alias("human.named", "person.named"), event.Retire("person.sneezed"))
	if got := reg.Names(); !slices.Equal(got, []string{"human.named", "person.named", "person.renamed"}) {
		t.Errorf("names %v", got)
	}
	for _, c := range []struct {
		name   string
		schema int
		data   string
		want   any
		err    error
	}{
		{"person.named", 1, `{"Name":"Ann Lee"}`, named{"Ann", "Lee"}, nil},
		{"human.named", 2, `{"Name":"Ann Lee"}`, named{"Ann", "Lee"}, nil},
		{"person.named", 3, `{"First":"Ann"}`, named{First: "Ann"}, nil},
		{"person.named", 1, `{"Name":"Ann"}`, nil, nil}, // dropped
		{"person.sneezed", 7, `{}`, nil, nil},           // dropped
		{"person.named", 4, `{}`, nil, event.ErrUnknownType},
		{"person.died", 1, `{}`, nil, event.ErrUnknownType},
	} {
		env, ok, err := reg.Decode(t.Context(), event.Record{Header: event.Header{Type: c.name, Schema: c.schema}, Data: []byte(c.data)})
		if ok != (c.want != nil) || env.Event != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s %d %s: %#v, %v, %v", c.name, c.schema, c.data, env.Event, ok, err)
		}
	}
	_, _, err := reg.Decode(t.Context(), event.Record{Header: event.Header{Type: "person.renamed", Schema: 1}, Data: []byte(`{"To":1e999}`)})
	if err == nil || strings.Contains(err.Error(), "999") {
		t.Errorf("error shows the payload, or is missing: %v", err)
	}
	draft, err := reg.Encode(context.Background(), event.Header{}, named{"Ann", "Lee"})
	if err != nil || draft.Schema != 3 || draft.Type != "person.named" {
		t.Errorf("%+v, %v", draft, err)
	}
}

func TestBadRegistries(t *testing.T) {
	table := map[string]any{"a": named{}, "b": renamed{}}
	for name, build := range map[string]func(){
		"empty":         func() { event.NewRegistry(map[string]any{}) },
		"nil sample":    func() { event.NewRegistry(map[string]any{"a": nil}) },
		"type twice":    func() { event.NewRegistry(map[string]any{"a": named{}, "b": named{}}) },
		"gap":           func() { event.NewRegistry(table, event.Upcast("a", 2, same)) },
		"double":        func() { event.NewRegistry(table, event.Upcast("a", 1, same), event.Upcast("a", 1, same)) },
		"unknown":       func() { event.NewRegistry(table, event.Upcast("c", 1, same)) },
		"alias is name": func() { event.NewRegistry(table, event.Alias("a", "b")) },
		"alias twice":   func() { event.NewRegistry(table, event.Alias("c", "a"), event.Alias("c", "b")) },
		"retired lives": func() { event.NewRegistry(table, event.Retire("a")) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("accepted")
				}
			}()
			build()
		})
	}
}
