package event

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
)

type everything struct {
	Text   string `json:"text"`
	Maybe  string `json:"maybe,omitempty"`
	Yes    bool
	Int    int     `json:"int,omitempty"`
	Small  int8    `json:"small"`
	Byte   uint8   `json:"byte"`
	Large  uint64  `json:"large"`
	Float  float64 `json:"float"`
	Single float32 `json:"single,omitempty"`
	Inner  struct {
		A string    `json:"a<b"`
		T time.Time `json:"t,omitempty"` //nolint:modernize // that it has no effect must be seen
	} `json:"inner,omitempty"` //nolint:modernize // that it has no effect must be seen
	At time.Time `json:"at"`
}

// flatTexts are what Encode writes, and what is nearly that.
var flatTexts = []string{
	`{"text":"a","Yes":true,"small":-7,"byte":255,"large":18446744073709551615,"float":1.5e-7,"inner":{"a\u003cb":"x","t":"2026-11-23T10:15:00.1Z"},"at":"2026-11-23T10:15:00Z"}`,
	`{"text":"ä\u00e4","Yes":false,"small":128,"byte":-1,"large":01,"float":1e400,"inner":{},"at":null}`,
	`{"text":"a","Yes":true,"small":1,"byte":1,"large":1,"float":NaN,"inner":{"a\u003cb":"","t":"yesterday"},"at":""}`,
	`{"TEXT":"a"}`, `{"text":null}`, `{"text":"a","text":"b"}`, ` {}`, `{}`, `{} `, `{`, `null`, ``, `{"text":"` + "\xff" + `"}`, `{"text":"a` + "\n" + `"}`,
}

func FuzzFlatDecode(f *testing.F) {
	typ := reflect.TypeFor[everything]()
	form := newFlatForm(typ)
	if form == nil {
		f.Fatal("no form")
	}
	for _, text := range flatTexts {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, want := reflect.New(typ).Elem(), reflect.New(typ)
		if !form.decode(data, got) {
			return // which is for encoding/json
		}
		if err := json.Unmarshal(data, want.Interface()); err != nil || !reflect.DeepEqual(got.Interface(), want.Elem().Interface()) {
			t.Errorf("%s: read %+v, want %+v, error %v", data, got, want.Elem(), err)
		}
	})
}

func FuzzFlatEncode(f *testing.F) {
	form := newFlatForm(reflect.TypeFor[unfloating]())
	f.Add("a", "", true, 0, int8(-1), uint8(0), uint64(math.MaxUint64), int64(0), int64(1))
	f.Add("a<b>&\u2028", "\x7f\u2029\ufffd", false, math.MinInt, int8(127), uint8(255), uint64(0), int64(-62135596800), int64(253402300800))
	f.Fuzz(func(t *testing.T, text, maybe string, yes bool, i int, small int8, b uint8, large uint64, sec, nsec int64) {
		e := &unfloating{Text: text, Maybe: maybe, Yes: yes, Int: i, Small: small, Byte: b, Large: large, At: Instant(time.Unix(sec, nsec))}
		e.Inner.A, e.Inner.T = maybe, Instant(time.Unix(nsec, sec))
		got := form.encode(reflect.ValueOf(e).Elem())
		if got == nil {
			return // which is for encoding/json
		}
		if want, err := json.Marshal(e); err != nil || string(got) != string(want) {
			t.Errorf("wrote %s, want %s, error %v", got, want, err)
		}
	})
}

type unfloating struct {
	Text  string `json:"text"`
	Maybe string `json:"maybe,omitempty"`
	Yes   bool
	Int   int    `json:"int,omitempty"`
	Small int8   `json:"small"`
	Byte  uint8  `json:"byte"`
	Large uint64 `json:"large"`
	Inner struct {
		A string    `json:"a<b"`
		T time.Time `json:"t,omitempty"` //nolint:modernize // that it has no effect must be seen
	} `json:"inner,omitempty"` //nolint:modernize // that it has no effect must be seen
	At time.Time `json:"at"`
}

// What Encode writes of usual values is written, and read, without encoding/json.
func TestFlatFormsAreUsed(t *testing.T) {
	form := newFlatForm(reflect.TypeFor[unfloating]())
	e := unfloating{Text: "Jürgen", Maybe: "x", Int: -1, Large: 7, At: Instant(time.Now())}
	data := form.encode(reflect.ValueOf(&e).Elem())
	if data == nil {
		t.Fatal("not encoded")
	}
	back := reflect.New(reflect.TypeFor[unfloating]()).Elem()
	if !form.decode(data, back) || back.Interface() != e {
		t.Errorf("%s is read as %+v, want %+v", data, back, e)
	}
	zero := reflect.New(reflect.TypeFor[everything]()).Elem()
	written, _ := json.Marshal(zero.Interface())
	if !newFlatForm(zero.Type()).decode(written, zero) {
		t.Error("floats are not read")
	}
}

// A tag that is no name is not what encoding/json writes.
func TestFormsThatWouldReadOtherNamesAreNone(t *testing.T) {
	if newFlatForm(reflect.TypeFor[struct {
		A int `json:"no\"name"` //nolint:staticcheck // a bad tag is the point
	}]()) != nil {
		t.Error("there is a form")
	}
}

// Strings of a large payload don't keep it alive; those of a small one share one copy.
func TestLargePayloadsAreNotShared(t *testing.T) {
	form := newFlatForm(reflect.TypeFor[everything]())
	v := reflect.New(reflect.TypeFor[everything]()).Elem()
	v.Field(0).SetString(strings.Repeat("x", sharedBytes))
	v.Field(1).SetString("kept")
	data, _ := json.Marshal(v.Interface())
	shared := testing.AllocsPerRun(10, func() { form.decode(data[:0:0], v) })
	large := testing.AllocsPerRun(10, func() {
		if !form.decode(data, v) {
			t.Fatal("not read")
		}
	})
	if large-shared < 3 { // the text, and both strings
		t.Errorf("%v allocations", large)
	}
}
