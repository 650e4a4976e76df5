package eventstore_test

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// FuzzPolicy: what is accepted can be stored by any database, and what is refused is refused
// with a typed error that names the event and shows nothing of it.
func FuzzPolicy(f *testing.F) {
	for _, data := range []string{``, `{}`, `{"a":"\u0000"}`, `"\\u0000"`, "\"\xff\"", `[[[[]]]]`, `NaN`, `1e999`, `{} {}`, `"\ud800"`, strings.Repeat("[", 501) + strings.Repeat("]", 501)} {
		f.Add("42", "account.opened", 1, []byte(data), "key", "value", "tenant")
	}
	f.Add("4\n2", "a\x00", 0, []byte(`1`), "\x00", "\xff", "t\t")
	f.Fuzz(func(t *testing.T, id, name string, schema int, data []byte, key, value, tenant string) {
		ctx := event.WithTenant(t.Context(), tenant)
		stream := event.StreamID{Category: "account", ID: id}
		d := event.Draft{ID: event.NewID(), Type: name, Schema: schema, Data: data, Metadata: event.Metadata{Extra: map[string]string{key: value}}}
		got, err := eventstore.Policy{}.Check(ctx, eventstore.Append{Stream: stream, Events: []event.Draft{d}})
		if err != nil {
			bad, ok := errors.AsType[*eventstore.InvalidAppendError](err)
			if !ok && !errors.Is(err, eventstore.ErrTenant) {
				t.Fatalf("untyped error %v", err)
			}
			if ok && (bad.Stream != stream || bad.Event > 0) {
				t.Fatalf("blames event %d of %v", bad.Event, bad.Stream)
			}
			if len(err.Error()) > 1000 {
				t.Fatalf("an error of %d bytes", len(err.Error()))
			}
			return
		}
		var payload any
		dec := json.NewDecoder(strings.NewReader(string(data)))
		dec.UseNumber()
		if err := dec.Decode(&payload); err != nil {
			t.Fatalf("accepted %q, which is not decoded: %v", data, err)
		}
		if got != tenant || stream.Validate() != nil || event.ValidateName(name) != nil || schema < 1 || hasNUL(payload) || strings.Contains(key+value, "\x00") {
			t.Fatalf("accepted %q, %q, %d, %q, %q, %q, %q", id, name, schema, data, key, value, tenant)
		}
	})
}

// hasNUL reports whether a string in v, which JSON was decoded to, has the one character that
// PostgreSQL can't store.
func hasNUL(v any) bool {
	switch v := v.(type) {
	case string:
		return strings.Contains(v, "\x00")
	case []any:
		if slices.ContainsFunc(v, hasNUL) {
			return true
		}
	case map[string]any:
		for key, elem := range v {
			if hasNUL(key) || hasNUL(elem) {
				return true
			}
		}
	}
	return false
}

// TestPolicyValidates: a limit below zero is refused by name, and nothing else is.
func TestPolicyValidates(t *testing.T) {
	for limit, p := range map[string]eventstore.Policy{
		"MaxEventBytes": {MaxEventBytes: -1}, "MaxAppendEvents": {MaxAppendEvents: -7}, "MaxAppendBytes": {MaxAppendBytes: math.MinInt},
	} {
		if err := p.Validate(); !errors.Is(err, eventstore.ErrInvalidPolicy) || !strings.Contains(err.Error(), limit) {
			t.Errorf("%s: %v", limit, err)
		}
	}
	all := eventstore.Policy{MaxEventBytes: -1, MaxAppendEvents: -1, MaxAppendBytes: -1}.Validate()
	if n := strings.Count(all.Error(), "is -1"); n != 3 {
		t.Errorf("%d of 3 limits are named in %v", n, all)
	}
	for _, p := range []eventstore.Policy{{}, {MaxEventBytes: 1, MaxAppendEvents: 1, MaxAppendBytes: 1, RequireTenant: true}} {
		if err := p.Validate(); err != nil {
			t.Error(err)
		}
	}
}

// TestPolicyTakesOneEventAtLeast: who allows large events need not say so twice.
func TestPolicyTakesOneEventAtLeast(t *testing.T) {
	const large = 17 << 20
	d, small := opened(), opened()
	d.Data = []byte(`"` + strings.Repeat("x", large-2) + `"`)
	p := eventstore.Policy{MaxEventBytes: large}
	if _, err := p.Check(t.Context(), eventstore.Append{Stream: account, Events: []event.Draft{d}}); err != nil {
		t.Error(err)
	}
	if _, err := p.Check(t.Context(), eventstore.Append{Stream: account, Events: []event.Draft{d, small}}); !errors.Is(err, eventstore.ErrInvalidAppend) {
		t.Errorf("one event more: %v", err)
	}
}

// TestPolicyAllocates pins what checking costs, as every append pays for it.
func TestPolicyAllocates(t *testing.T) {
	a := eventstore.Append{Stream: account, Events: []event.Draft{opened()}}
	ctx := event.WithTenant(t.Context(), "tenant")
	if n := testing.AllocsPerRun(100, func() {
		if _, err := (eventstore.Policy{}).Check(ctx, a); err != nil {
			t.Fatal(err)
		}
	}); n > 4 {
		t.Errorf("%v allocations for one event", n)
	}
}
