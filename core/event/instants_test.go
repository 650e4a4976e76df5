package event_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/eventsource-go/eventsource/core/event"
)

type (
	node struct {
		Next *node
		Any  any
		Up   *node `json:"-"`
	}
	timedNode struct {
		At   time.Time
		Next *timedNode
		Up   *timedNode `json:"-"`
	}
	tree    map[string]tree
	list    []list
	self    *self
	stamped struct {
		At    time.Time
		Later *time.Time
	}
	priced   struct{ Price string }
	embedded struct {
		stamped
		priced
	}
	pointed  struct{ *stamped }
	calendar struct {
		Days map[time.Time]time.Time
	}
	promoted struct{ time.Time }
)

var (
	noon   = time.Date(2026, 1, 2, 13, 4, 5, 123456789, time.FixedZone("CET", 3600))
	stored = `"2026-01-02T12:04:05.123456Z"`
)

// What holds itself is refused, and what hangs below it in a field that is not stored is not looked at.
func TestWhatHoldsItselfIsRefused(t *testing.T) {
	reg := event.NewRegistry(map[string]any{
		"node": node{}, "timed": timedNode{}, "pointer": &node{}, "tree": tree{}, "list": list{}, "self": self(nil),
	})
	n, tn, top, l, s := node{}, timedNode{}, tree{}, list{nil}, self(nil)
	n.Next, tn.Next, top["x"], l[0], s = &n, &tn, top, l, &s
	inAny := node{}
	inAny.Any = map[string]any{"x": &inAny}
	for name, e := range map[string]any{"struct": n, "with times": tn, "pointer": &n, "map": top, "slice": l, "in any": inAny, "pointer alone": s} {
		_, err := reg.Encode(t.Context(), event.Header{}, e)
		ce, ok := errors.AsType[*event.CodecError](err)
		if !ok || ce.Op != "encode" || len(ce.Path) > 100 {
			t.Errorf("%s: %v", name, err)
		}
		if name == "with times" && !strings.HasPrefix(ce.Path, "Next.Next.") {
			t.Errorf("%s: %v", name, err)
		}
	}
	long, timed := &node{}, &timedNode{At: noon}
	long.Up, timed.Up = long, timed
	for range 450 {
		long, timed = &node{Next: long, Up: long}, &timedNode{Next: timed, Up: timed}
	}
	for _, e := range []any{*long, *timed} {
		if _, err := reg.Encode(t.Context(), event.Header{}, e); err != nil {
			t.Errorf("451 deep: %v", err)
		}
	}
}

func TestNullIsNoEvent(t *testing.T) {
	reg := event.NewRegistry(map[string]any{"pointer": &named{}, "double": new(*named)},
		event.Upcast("pointer", 1, func(named) (*named, error) { return nil, nil }))
	for name, e := range map[string]any{"pointer": (*named)(nil), "double": new(*named)} {
		if draft, err := reg.Encode(t.Context(), event.Header{}, e); !isCodecError(err, "encode", "") {
			t.Errorf("%s: encoded as %s, %v", name, draft.Data, err)
		}
	}
	for _, h := range []event.Header{{Type: "pointer", Schema: 1}, {Type: "pointer", Schema: 2}, {Type: "double", Schema: 1}} {
		if e, ok, err := reg.DecodeData(t.Context(), h, []byte(`null`)); ok || !isCodecError(err, "decode", "") {
			t.Errorf("%s schema %d: read as %#v, %v", h.Type, h.Schema, e, err)
		}
	}
	draft, back, err := reg.RoundTrip(t.Context(), event.Header{}, &named{First: "Ann"})
	if p, ok := back.(*named); err != nil || !ok || p.First != "Ann" {
		t.Errorf("%s, %#v, %v", draft.Data, back, err)
	}
}

func TestTimesInEmbeddedStructs(t *testing.T) {
	reg := event.NewRegistry(map[string]any{"embedded": embedded{}, "pointed": pointed{}, "promoted": promoted{}, "calendar": calendar{}, "node": node{}})
	later := noon
	given := embedded{stamped{noon, &later}, priced{"1"}}
	draft, back, err := reg.RoundTrip(t.Context(), event.Header{}, given)
	if err != nil || strings.Count(string(draft.Data), stored) != 2 {
		t.Fatalf("%s, %v", draft.Data, err)
	}
	if got := back.(embedded); got.At != event.Instant(noon) || *got.Later != event.Instant(noon) || got.Price != "1" {
		t.Errorf("came back as %+v", got)
	}
	if given.At != noon || later != noon {
		t.Errorf("the caller's event was changed to %+v, %v", given, later)
	}
	_, err = reg.Encode(t.Context(), event.Header{}, embedded{priced: priced{"s3cret\x00"}})
	if !isCodecError(err, "encode", "priced.Price") || strings.Contains(err.Error(), "s3cret") {
		t.Error(err)
	}
	// What embeds them by pointer can't be read back.
	if _, err := reg.Encode(t.Context(), event.Header{}, pointed{&stamped{At: noon}}); !isCodecError(err, "encode", "") {
		t.Error(err)
	}
	// What writes itself is left alone.
	if draft, err := reg.Encode(t.Context(), event.Header{}, promoted{noon}); err != nil || string(draft.Data) != `"2026-01-02T13:04:05.123456789+01:00"` {
		t.Errorf("%s, %v", draft.Data, err)
	}
}

func TestTimesAsKeys(t *testing.T) {
	reg := event.NewRegistry(map[string]any{"calendar": calendar{}, "node": node{}})
	given := calendar{map[time.Time]time.Time{noon: noon}}
	for _, e := range []any{given, node{Any: given}} {
		if draft, err := reg.Encode(t.Context(), event.Header{}, e); err != nil || !strings.Contains(string(draft.Data), stored+":"+stored) {
			t.Errorf("%s, %v", draft.Data, err)
		}
	}
	if given.Days[noon] != noon {
		t.Errorf("the caller's event was changed to %+v", given)
	}
	days := map[time.Time]time.Time{noon: {}, noon.UTC().Add(time.Nanosecond): {}}
	for path, e := range map[string]any{"Days": calendar{days}, "Any.Days": node{Any: calendar{days}}} {
		if draft, err := reg.Encode(t.Context(), event.Header{}, e); !isCodecError(err, "encode", path) {
			t.Errorf("two keys become one: %s, %v", draft.Data, err)
		}
	}
}
