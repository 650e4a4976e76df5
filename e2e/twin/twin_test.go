package twin_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/eventsource-go/eventsource/e2e/evidence"
)

// One random tape of calls, made on three stores, is answered alike by all of them. A difference
// is shrunk to the shortest tape that shows it. More tapes, longer ones, the same ones:
//
//	go test ./twin -rapid.checks=5000 -rapid.steps=60
//	go test ./twin -rapid.seed=42
func TestStoresAnswerAlike(t *testing.T) {
	stores := openStores(t)
	seen := make(census)
	tapes := 0
	rapid.Check(t, func(t *rapid.T) {
		play(t, stores.sides, seen)
		tapes++
	})
	evidence.Report(t, "twin", struct {
		Tapes   int
		Answers census
	}{tapes, seen})
	for _, kind := range kinds {
		if tapes >= 100 && seen[kind] == 0 {
			t.Errorf("no call was answered with %q, so nothing is known of that", kind)
		}
	}
}
