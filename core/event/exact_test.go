package event_test

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/eventsource-go/eventsource/core/event"
)

type (
	flat struct {
		A string `json:"a,omitempty"`
		B int64
		C float64
		D [2]uint8
		E struct{ F bool }
		G float32
	}
	hidden   struct{ a int }
	unstored struct {
		A int `json:"-"`
	}
	clashing struct {
		A int `json:"x"`
		B int `json:"X"`
	}
	embedding struct{ flat }
	shouting  struct{ A loud }
	loud      string
	sliced    struct{ A []int }
	mapped    struct{ A map[string]int }
	pointing  struct{ A *int }
	dynamic   struct{ A any }
	timed     struct{ A time.Time }
	numbered  struct{ A json.Number }
	emptied   struct {
		A [0]int `json:",omitempty"`
	}
	quoted struct {
		A int `json:",string"`
	}
)

func (l loud) MarshalText() ([]byte, error) { return []byte(strings.ToUpper(string(l))), nil }

// What RoundTrip returns without decoding must be what decoding returns.
func TestRoundTripIsWhatIsReadBack(t *testing.T) {
	one := 1
	samples := []any{
		flat{}, flat{"ä", math.MinInt64, math.SmallestNonzeroFloat64, [2]uint8{1, 2}, struct{ F bool }{true}, 1.1},
		flat{C: math.MaxFloat64, G: math.MaxFloat32}, flat{C: math.Copysign(0, -1)},
		hidden{1}, unstored{1}, clashing{1, 2}, embedding{flat{B: 1}}, shouting{"a"}, sliced{[]int{1}}, sliced{[]int{}},
		mapped{map[string]int{"a": 1}}, pointing{&one}, dynamic{1}, timed{time.Now()}, numbered{""}, emptied{}, quoted{1},
	}
	table := make(map[string]any)
	for _, e := range samples {
		table[strings.ToLower(reflect.TypeOf(e).Name())] = e
	}
	reg := event.NewRegistry(table)
	for _, e := range samples {
		draft, back, err := reg.RoundTrip(t.Context(), event.Header{ID: event.NewID()}, e)
		if err != nil {
			t.Errorf("%T: %v", e, err)
			continue
		}
		env, _, err := reg.Decode(t.Context(), event.Record{Header: event.Header{Type: draft.Type, Schema: draft.Schema}, Data: draft.Data})
		if err != nil || !reflect.DeepEqual(back, env.Event) {
			t.Errorf("%T %+v: said %#v, read %#v, %v", e, e, back, env.Event, err)
		}
	}
	given := sliced{[]int{1}}
	_, back, _ := reg.RoundTrip(t.Context(), event.Header{}, given)
	given.A[0] = 2
	if back.(sliced).A[0] != 1 {
		t.Error("what comes back shares memory with what was given")
	}
	if _, _, err := reg.RoundTrip(t.Context(), event.Header{}, flat{C: math.NaN()}); err == nil {
		t.Error("NaN came back")
	}
}

func TestFlatEventsAreNotDecodedAgain(t *testing.T) {
	reg := event.NewRegistry(map[string]any{"flat": flat{}, "sliced": sliced{}})
	ctx, h := t.Context(), event.Header{}
	encode := testing.AllocsPerRun(100, func() { _, _ = reg.Encode(ctx, h, flat{B: 1}) })
	roundTrip := testing.AllocsPerRun(100, func() { _, _, _ = reg.RoundTrip(ctx, h, flat{B: 1}) })
	if roundTrip > encode {
		t.Errorf("%v allocations, %v to encode", roundTrip, encode)
	}
}
