package jsontext_test

import (
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
