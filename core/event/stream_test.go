package event_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/eventsource-go/eventsource/core/event"
)

func TestStreamID(t *testing.T) {
	s, err := event.ParseStreamID("bank.account-a-b")
	if err != nil || s != (event.StreamID{Category: "bank.account", ID: "a-b"}) || s.String() != "bank.account-a-b" {
		t.Errorf("%+v, %v", s, err)
	}
	for _, bad := range []string{
		"", "account", "account-", "-1", "1a-1", "_a-1", "a b-1", "ä-1", "a\n-1", "a-\xff", "a-\x00", "a-\t", "a-\u0085",
		"a-" + strings.Repeat("x", 256), strings.Repeat("x", 256) + "-1",
	} {
		s, err := event.ParseStreamID(bad)
		if !errors.Is(err, event.ErrInvalidStream) || s != (event.StreamID{}) {
			t.Errorf("%q is %+v, %v", bad, s, err)
		} else if len(err.Error()) > 200 {
			t.Errorf("%q: an error of %d bytes", bad[:10], len(err.Error()))
		}
	}
	longest := event.StreamID{Category: strings.Repeat("c", 255), ID: strings.Repeat("ü", 127)}
	if err := longest.Validate(); err != nil {
		t.Error(err)
	}
}

func TestStreamIDInJSON(t *testing.T) {
	want := map[event.StreamID]event.StreamID{{Category: "a", ID: "1-2"}: {Category: "b", ID: "\""}}
	text, err := json.Marshal(want)
	if err != nil || string(text) != `{"a-1-2":"b-\""}` {
		t.Fatalf("%s, %v", text, err)
	}
	var got map[event.StreamID]event.StreamID
	if err := json.Unmarshal(text, &got); err != nil || got[event.StreamID{Category: "a", ID: "1-2"}].ID != "\"" {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := json.Marshal(event.StreamID{}); err == nil {
		t.Error("an empty stream id has a JSON form")
	}
}

func FuzzStreamID(f *testing.F) {
	for _, s := range []string{"", "account-42", "bank.account-a-b", "-", "a--", "a-\x00", "a-\xff", "é-1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := event.ParseStreamID(text)
		if err != nil {
			if !errors.Is(err, event.ErrInvalidStream) {
				t.Fatalf("untyped error %v", err)
			}
			return
		}
		if s.String() != text || s.Validate() != nil {
			t.Fatalf("%q became %q", text, s)
		}
	})
}
