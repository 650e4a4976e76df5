package event_test

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/eventsource-go/eventsource/core/event"
)

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
	draft, err := reg.Encode(t.Context(), event.Header{}, named{"Ann", "Lee"})
	if err != nil || draft.Schema != 3 || draft.Type != "person.named" {
		t.Errorf("%+v, %v", draft, err)
	}
}

func TestBadRegistries(t *testing.T) {
	table := map[string]any{"a": named{}, "b": renamed{}}
	for name, build := range map[string]func(){
		"empty":         func() { event.NewRegistry(map[string]any{}) },
		"nil sample":    func() { event.NewRegistry(map[string]any{"a": nil}) },
		"no name":       func() { event.NewRegistry(map[string]any{"": named{}}) },
		"bad name":      func() { event.NewRegistry(map[string]any{"a\n": named{}}) },
		"no JSON form":  func() { event.NewRegistry(map[string]any{"a": func() {}}) },
		"nil upcaster":  func() { event.NewRegistry(table, event.Upcast[oldName, named]("a", 1, nil)) },
		"schema 0":      func() { event.NewRegistry(table, event.Upcast("a", 0, same)) },
		"alias unnamed": func() { event.NewRegistry(table, event.Alias("", "a")) },
		"alias retired": func() { event.NewRegistry(table, event.Retire("c"), event.Alias("d", "c")) },
		"type twice":    func() { event.NewRegistry(map[string]any{"a": named{}, "b": named{}}) },
		"gap":           func() { event.NewRegistry(table, event.Upcast("a", 2, same)) },
		"double":        func() { event.NewRegistry(table, event.Upcast("a", 1, same), event.Upcast("a", 1, same)) },
		"other struct": func() {
			event.NewRegistry(table, event.Upcast("a", 1, func(oldName) (renamed, error) { return renamed{}, nil }))
		},
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

func TestBadRegistryNamesAllThatIsWrong(t *testing.T) {
	defer func() {
		text := recover().(error).Error()
		for _, want := range []string{`""`, `"b"`, `"c"`} {
			if !strings.Contains(text, want) {
				t.Errorf("%s is not named in: %s", want, text)
			}
		}
	}()
	event.NewRegistry(map[string]any{"": named{}, "b": nil}, event.Alias("a", "c"))
}

func TestUnknownTypes(t *testing.T) {
	strict := event.NewRegistry(map[string]any{"person.named": named{}, "person.renamed": renamed{}})
	lenient := event.NewRegistry(map[string]any{"person.named": named{}}, event.SkipUnknownTypes())
	for _, h := range []event.Header{{Type: "person.died", Schema: 1}, {Type: "person.named", Schema: 2}, {Type: "person.named"}} {
		rec := event.Record{Header: h, Data: []byte(`{}`)}
		_, _, err := strict.Decode(t.Context(), rec)
		unknown, ok := errors.AsType[*event.UnknownTypeError](err)
		if !ok || unknown.Type != h.Type || unknown.Schema != h.Schema || !strings.Contains(err.Error(), "person.named, person.renamed") {
			t.Errorf("%s %d: %v", h.Type, h.Schema, err)
		}
		if _, ok, err := lenient.Decode(t.Context(), rec); ok || err != nil {
			t.Errorf("%s %d is not skipped: %v, %v", h.Type, h.Schema, ok, err)
		}
	}
	if _, err := strict.Encode(t.Context(), event.Header{}, oldName{}); !errors.Is(err, event.ErrUnknownType) || !strings.Contains(err.Error(), "oldName") {
		t.Errorf("an unregistered event: %v", err)
	}
}

func TestUnknownFields(t *testing.T) {
	rec := event.Record{Header: event.Header{Type: "a", Schema: 1}, Data: []byte(`{"First":"Ann","Secret":"s3cret"}`)}
	lenient := event.NewRegistry(map[string]any{"a": named{}})
	if env, ok, err := lenient.Decode(t.Context(), rec); env.Event != (named{First: "Ann"}) || !ok || err != nil {
		t.Errorf("%+v, %v, %v", env, ok, err)
	}
	strict := event.NewRegistry(map[string]any{"a": named{}}, event.RefuseUnknownFields())
	if _, _, err := strict.Decode(t.Context(), rec); !isCodecError(err, "decode", "") || strings.Contains(err.Error(), "s3cret") {
		t.Error(err)
	}
	rec.Data = []byte(`{"First":"Ann"} {}`)
	if _, _, err := strict.Decode(t.Context(), rec); !isCodecError(err, "decode", "") {
		t.Errorf("two values: %v", err)
	}
	rec.Data = []byte(`{"First":"Ann"}`)
	if env, _, err := strict.Decode(t.Context(), rec); env.Event != (named{First: "Ann"}) || err != nil {
		t.Errorf("%+v, %v", env, err)
	}
}

func isCodecError(err error, op, path string) bool {
	ce, ok := errors.AsType[*event.CodecError](err)
	return ok && ce.Op == op && ce.Path == path
}

type order struct {
	Lines []line
	Notes map[string]string
	Any   any
	Raw   json.RawMessage `json:",omitempty"`
	Next  *order
	skip  float64
}

type line struct{ Price float64 }

func TestEncodeNamesTheFieldItCantStore(t *testing.T) {
	reg := event.NewRegistry(map[string]any{"order.placed": order{}})
	for path, bad := range map[string]order{
		"Lines[1].Price":      {Lines: []line{{}, {math.NaN()}}},
		"Next.Lines[0].Price": {Next: &order{Lines: []line{{math.Inf(-1)}}}},
		"Notes[…]":            {Notes: map[string]string{"k": "a\x00b"}},
		"Notes[key]":          {Notes: map[string]string{"s3cret\xff": "v"}},
		"Any":                 {Any: "\xff"},
		"Any[0]":              {Any: []any{math.NaN()}},
	} {
		_, err := reg.Encode(t.Context(), event.Header{}, bad)
		if !isCodecError(err, "encode", path) || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", path, err)
		}
	}
	for name, good := range map[string]order{
		"text that looks like an escape": {Notes: map[string]string{`\u0000`: `\ufffd`}},
		"the replacement character":      {Any: "\ufffd"},
		"a field that is not stored":     {skip: math.NaN()},
	} {
		draft, err := reg.Encode(t.Context(), event.Header{}, good)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		good.skip = 0
		env, _, err := reg.Decode(t.Context(), event.Record{Header: event.Header{Type: draft.Type, Schema: draft.Schema}, Data: draft.Data})
		if err != nil || !reflect.DeepEqual(env.Event, any(good)) {
			t.Errorf("%s came back as %#v, %v", name, env.Event, err)
		}
	}
	if _, err := reg.Encode(t.Context(), event.Header{}, order{Raw: json.RawMessage(`"\u0000"`)}); !isCodecError(err, "encode", "") {
		t.Errorf("NUL in raw JSON: %v", err)
	}
}

type meeting struct {
	At     time.Time
	Breaks []time.Time
	Moved  *time.Time
	Days   map[string]time.Time
	Span   [2]time.Time
	Who    person
	Extra  any
	secret time.Time
}

type person struct{ Born time.Time }

func TestTimesAreUTCAtMicroseconds(t *testing.T) {
	reg := event.NewRegistry(map[string]any{"meeting.set": meeting{}})
	at := time.Date(2026, 1, 2, 3, 4, 5, 123456789, time.FixedZone("CET", 3600))
	want := time.Date(2026, 1, 2, 2, 4, 5, 123456000, time.UTC)
	given := meeting{
		At: at, Breaks: []time.Time{at}, Moved: &at, Days: map[string]time.Time{"d": at}, Span: [2]time.Time{1: at},
		Who: person{at}, Extra: map[string]any{"at": at}, secret: at,
	}
	draft, err := reg.Encode(t.Context(), event.Header{Occurred: at}, given)
	if err != nil || !draft.Occurred.Equal(want) || draft.Occurred.Location() != time.UTC {
		t.Fatalf("%v, %v", draft.Occurred, err)
	}
	env, _, err := reg.Decode(t.Context(), event.Record{Header: event.Header{Type: draft.Type, Schema: draft.Schema}, Data: draft.Data})
	if err != nil {
		t.Fatal(err)
	}
	got := env.Event.(meeting)
	if n := strings.Count(string(draft.Data), `"2026-01-02T02:04:05.123456Z"`); n != 7 {
		t.Errorf("%d of 7 times in %s", n, draft.Data)
	}
	if got.At != want || got.Breaks[0] != want || *got.Moved != want || got.Days["d"] != want || got.Span[1] != want || got.Who.Born != want {
		t.Errorf("came back as %+v", got)
	}
	if given.At != at || *given.Moved != at || given.Breaks[0] != at || given.Days["d"] != at {
		t.Errorf("the caller's event was changed to %+v", given)
	}
}

func TestRegistryIsSafeForConcurrentUse(t *testing.T) {
	reg := event.NewRegistry(map[string]any{"person.named": named{}}, event.Upcast("person.named", 1, split))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				draft, err := reg.Encode(t.Context(), event.Header{}, named{"Ann", "Lee"})
				if err != nil {
					t.Error(err)
				}
				env, ok, err := reg.Decode(t.Context(), event.Record{Header: event.Header{Type: draft.Type, Schema: 1}, Data: []byte(`{"Name":"Bo Ray"}`)})
				if env.Event != (named{"Bo", "Ray"}) || !ok || err != nil {
					t.Errorf("%+v, %v, %v", env, ok, err)
				}
			}
		})
	}
	wg.Wait()
}

// FuzzDecode sends arbitrary payloads through upcasters and decoder: they fail with a typed
// error that shows none of the payload, or give an event that survives another round trip.
func FuzzDecode(f *testing.F) {
	reg := event.NewRegistry(map[string]any{
		"person.named": named{}, "order.placed": order{}, "meeting.set": meeting{}, "calendar.kept": calendar{},
		"embedded": embedded{}, "pointer": &timedNode{},
	}, event.Upcast("person.named", 1, split))
	for name, seed := range map[string]string{
		"calendar.kept": `{"Days":{"2026-01-02T03:04:05.0000001+01:00":"2026-01-02T03:04:05Z","2026-01-02T02:04:05Z":"2026-01-02T03:04:05Z"}}`,
		"embedded":      `{"At":"2026-01-02T03:04:05.0000001+01:00","Later":"2026-01-02T03:04:05.1-07:00","Price":"1"}`,
		"pointer":       `{"Next":{"Next":{"At":"0000-01-01T00:00:00+23:59"}}}`,
	} {
		f.Add(name, 1, []byte(seed))
		f.Add(name, 1, []byte(`null`))
	}
	for _, seed := range []string{`{"Name":"Ann Lee"}`, `{"Lines":[{"Price":1e999}]}`, `{"At":"2026-01-02T03:04:05.999999999+01:00"}`, `null`, `[`, `{"Notes":{"a":"\u0000"}}`} {
		for _, name := range []string{"person.named", "order.placed", "meeting.set"} {
			f.Add(name, 1, []byte(seed))
		}
	}
	f.Add("person.named", 2, []byte(`{"First":"\ud800"}`))
	f.Fuzz(func(t *testing.T, name string, schema int, data []byte) {
		rec := event.Record{Header: event.Header{Type: name, Schema: schema}, Data: data}
		env, ok, err := reg.Decode(t.Context(), rec)
		if err != nil {
			if _, codec := errors.AsType[*event.CodecError](err); !codec && !errors.Is(err, event.ErrUnknownType) {
				t.Fatalf("untyped error %v", err)
			}
			return
		}
		if !ok {
			return
		}
		draft, err := reg.Encode(t.Context(), env.Header, env.Event)
		if err != nil {
			if !errors.As(err, new(*event.CodecError)) {
				t.Fatalf("untyped error %v", err)
			}
			return
		}
		again, _, err := reg.Decode(t.Context(), event.Record{Header: event.Header{Type: draft.Type, Schema: draft.Schema}, Data: draft.Data})
		if err != nil {
			t.Fatalf("%s is not read back: %v", draft.Data, err)
		}
		second, err := reg.Encode(t.Context(), env.Header, again.Event)
		if err != nil || string(second.Data) != string(draft.Data) {
			t.Fatalf("%s became %s, %v", draft.Data, second.Data, err)
		}
	})
}

func TestBadRegistrySaysWhatIsWrong(t *testing.T) {
	table := map[string]any{"a": named{}, "b": renamed{}}
	for want, build := range map[string]func(){
		`"old" is an alias of "a", which is the name to use`: func() { event.NewRegistry(table, event.Alias("old", "a"), event.Upcast("old", 1, same)) },
		`"gone" is retired`:           func() { event.NewRegistry(table, event.Retire("gone"), event.Alias("old", "gone")) },
		`"c" is not in the table`:     func() { event.NewRegistry(table, event.Alias("old", "c")) },
		`"b" is in use, for "b"`:      func() { event.NewRegistry(table, event.Alias("b", "a")) },
		`there is none from schema 1`: func() { event.NewRegistry(table, event.Upcast("a", 2, same)) },
		`there is another one`:        func() { event.NewRegistry(table, event.Upcast("a", 1, same), event.Upcast("a", 1, same)) },
		`the last upcaster returns event_test.renamed, and the table has event_test.named`: func() {
			event.NewRegistry(table, event.Upcast("a", 1, func(oldName) (renamed, error) { return renamed{}, nil }))
		},
	} {
		t.Run(want, func(t *testing.T) {
			defer func() {
				if err, _ := recover().(error); err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("says %v", err)
				}
			}()
			build()
		})
	}
	// Steps in between, and forms without fields of their own, are anything.
	event.NewRegistry(table, event.Upcast("a", 1, func(oldName) (renamed, error) { return renamed{}, nil }), event.Upcast("a", 2, same))
	event.NewRegistry(map[string]any{"a": &named{}}, event.Upcast("a", 1, split))
}
