package jsontext_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/eventsource-go/eventsource/core/internal/jsontext"
)

var seeds = []string{
	`1`, `[]`, `{"a":[{}]}`, `"[[["`, `["\"[",[]]`, `["\\",[]]`, `"\u0000"`, `"\\u0000"`, `"\\\u0000"`, `{"\u0000":1}`, `"\uFFFD"`, `"\`, "\"\u00e9\\", ` [ 1 , "]" ] `,
}

// FuzzHasEscape compares with what a decoder makes of the escape: NUL comes from nothing else.
func FuzzHasEscape(f *testing.F) {
	for _, seed := range seeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got := jsontext.HasEscape(data, `\u0000`)
		var v any
		dec := json.NewDecoder(strings.NewReader(string(data)))
		dec.UseNumber()
		if !json.Valid(data) || dec.Decode(&v) != nil {
			return
		}
		if want := hasNUL(v); want && !got {
			t.Errorf("%q has NUL, which was not seen", data)
		} else if got && !want && !strings.Contains(string(data), `:`) { // a key may be there twice
			t.Errorf("%q has no NUL", data)
		}
	})
}

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
