package event_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/eventsource-go/eventsource/core/event"
)

type sample struct {
	Text   string
	Number float64
	Count  int64
	Data   []byte
	At     time.Time
	Tags   map[string]string
	Next   *sample
}

// FuzzEncode: an event is stored and read back as it was, times at microseconds, or refused
// with a typed error that names the field and shows nothing of it.
func FuzzEncode(f *testing.F) {
	f.Add("text", 1.5, int64(7), []byte{0, 255}, int64(1e15), "key", "value")
	f.Add("\x00", math.NaN(), int64(math.MinInt64), []byte(nil), int64(-1), "\xff", "\ufffd")
	f.Add("\ufffd", math.Inf(1), int64(0), []byte{}, int64(math.MaxInt64), "", "\u2028")
	reg := event.NewRegistry(map[string]any{"sample": sample{}})
	f.Fuzz(func(t *testing.T, text string, number float64, count int64, data []byte, nanos int64, key, value string) {
		in := sample{Text: text, Number: number, Count: count, Data: data, At: time.Unix(0, nanos), Tags: map[string]string{key: value}, Next: &sample{Text: value}}
		draft, back, err := reg.RoundTrip(t.Context(), event.Header{ID: event.NewID()}, any(in))
		ok := func(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }
		storable := ok(text) && ok(key) && ok(value) && !math.IsNaN(number) && !math.IsInf(number, 0)
		if err != nil {
			bad, typed := errors.AsType[*event.CodecError](err)
			if !typed || storable || bad.Op != "encode" || bad.Path == "" {
				t.Fatalf("%+v is refused: %v", in, err)
			}
			return
		}
		out := back.(sample)
		if !storable || out.Text != text || out.Number != number || out.Count != count || string(out.Data) != string(data) || out.Tags[key] != value ||
			out.Next.Text != value || !out.At.Equal(event.Instant(in.At)) || out.At.Location() != time.UTC {
			t.Fatalf("%+v became %s and %+v", in, draft.Data, out)
		}
	})
}
