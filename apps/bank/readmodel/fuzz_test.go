package readmodel

import (
	"errors"
	"testing"
)

// FuzzCursor: what is not refused is a place that was handed out as this very text.
func FuzzCursor(f *testing.F) {
	for _, p := range []place{{List: "accounts", Text: "AnnID", Number: 3}, {List: "statement", Number: 7}, {List: "audit", Number: -1}} {
		f.Add(p.encode())
	}
	f.Add("")
	f.Add("e30")
	f.Add("====")
	f.Fuzz(func(t *testing.T, cursor string) {
		for _, list := range []string{"accounts", "statement", "audit"} {
			p, started, err := parsePlace(cursor, list)
			switch {
			case err != nil && !errors.Is(err, ErrInvalidCursor):
				t.Error(err)
			case err == nil && started && p.encode() != cursor:
				t.Errorf("%q became %q", cursor, p.encode())
			case err == nil && started != (cursor != ""):
				t.Errorf("%q is a start: %t", cursor, !started)
			}
			if owner, id := splitKey(p); owner+id != p.Text {
				t.Errorf("%q is split to %q and %q", p.Text, owner, id)
			}
		}
	})
}
