package jsontext_test

import (
	"strings"
	"testing"

	"github.com/eventsource-go/eventsource/core/internal/jsontext"
)

func TestHasEscape(t *testing.T) {
	for data, want := range map[string]bool{
		`"\u0000"`:     true,
		`{"\u0000":1}`: true,
		`"\\u0000"`:    false,
		`"\\\u0000"`:   true,
		`"\u00001"`:    true,
		`"u0000"`:      false,
		`"\n\u00"`:     false,
		`"\uFFFD"`:     true,
		``:             false,
		`"\`:           false,
	} {
		if got := jsontext.HasEscape([]byte(data), `\u0000`, `\ufffd`); got != want {
			t.Errorf("%s: %v", data, got)
		}
	}
}

func TestDepth(t *testing.T) {
	for data, want := range map[string]int{
		`1`: 0, `[]`: 1, `{"a":[{}]}`: 3, `"[[["`: 0, `["\"[",[]]`: 2, `["\\",[]]`: 2,
		strings.Repeat("[", 600) + strings.Repeat("]", 600): 600,
	} {
		if got := jsontext.Depth([]byte(data)); got != want {
			t.Errorf("%s: %d, want %d", data, got, want)
		}
	}
}
