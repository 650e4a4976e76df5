package event_test

import (
	"errors"
	"testing"

	"github.com/eventsource-go/eventsource/core/event"
)

func TestPosition(t *testing.T) {
	mine, other := event.NewID(), event.NewID()
	zero, nine, ten := event.NewPosition(mine, 0), event.NewPosition(mine, 9), event.NewPosition(mine, 10)
	if !zero.IsZero() || zero != (event.Position{}) || nine.IsZero() {
		t.Error("zero is not the zero Position")
	}
	for _, c := range []struct {
		a, b event.Position
		want int
	}{{nine, ten, -1}, {ten, nine, 1}, {ten, ten, 0}, {zero, nine, -1}, {event.NewPosition(other, 9), zero, 1}} {
		if got, err := c.a.Compare(c.b); got != c.want || err != nil {
			t.Errorf("%v to %v: %d, %v", c.a, c.b, got, err)
		}
	}
	foreign := event.NewPosition(other, 9)
	_, err := nine.Compare(foreign)
	if fe, ok := errors.AsType[*event.ForeignPositionError](err); !ok || fe.Position != foreign || !errors.Is(err, event.ErrForeignPosition) {
		t.Errorf("compared with another store's: %v", err)
	}
	if _, err := foreign.In(mine); !errors.Is(err, event.ErrForeignPosition) {
		t.Errorf("in another store: %v", err)
	}
	if n, err := ten.In(mine); n != 10 || err != nil {
		t.Error(n, err)
	}
	if n, err := zero.In(mine); n != 0 || err != nil {
		t.Error(n, err)
	}
}

func TestPositionInSQL(t *testing.T) {
	want := event.NewPosition(event.NewID(), 42)
	value, err := want.Value()
	if err != nil {
		t.Fatal(err)
	}
	var fromText, fromBytes event.Position
	if err := errors.Join(fromText.Scan(value), fromBytes.Scan([]byte(value.(string)))); err != nil || fromText != want || fromBytes != want {
		t.Errorf("%v and %v, want %v: %v", fromText, fromBytes, want, err)
	}
	for _, bad := range []any{nil, int64(42), "42"} {
		if err := fromText.Scan(bad); !errors.Is(err, event.ErrMalformedPosition) {
			t.Errorf("%v: %v", bad, err)
		}
	}
}

func FuzzPosition(f *testing.F) {
	mine, other := event.NewID(), event.NewID()
	for _, s := range []string{"", "0", mine.String() + ".42", mine.String() + ".042", mine.String() + ".0", mine.String() + ".9223372036854775808", "{" + mine.String() + "}.1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := event.ParsePosition(text)
		if err != nil {
			if !errors.Is(err, event.ErrMalformedPosition) || p != (event.Position{}) {
				t.Fatalf("%v, %v", p, err)
			}
			return
		}
		if back, _ := p.MarshalText(); string(back) != text {
			t.Fatalf("%q came back as %q", text, back)
		}
		if _, err := p.In(other); !p.IsZero() && !errors.Is(err, event.ErrForeignPosition) {
			t.Fatalf("%v in another store: %v", p, err)
		}
	})
}
