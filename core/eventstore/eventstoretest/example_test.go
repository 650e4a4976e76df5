package eventstoretest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/eventstore/eventstoretest"
	"github.com/eventsource-go/eventsource/core/memstore"
)

// A store's test hands over a function that opens an empty store, and says what it can do
// besides being one.
func ExampleRun() {
	_ = func(t *testing.T) { // TestConformance
		open := func(_ testing.TB, opts eventstoretest.Options) eventstore.Store {
			return memstore.NewWith(memstore.Config{Policy: opts.Policy, Now: opts.Now})
		}
		eventstoretest.Run(t, open, eventstoretest.Features{Notify: true})
	}
}

// A store that others may open at the same time is put to more tests.
func ExampleCases() {
	second := func(_ testing.TB, s eventstore.Store) eventstore.Store { return s }
	for _, c := range eventstoretest.Cases(eventstoretest.Features{Second: second}) {
		if strings.HasPrefix(c.Name, "Second/") {
			fmt.Println(c.Name)
		}
	}
	// Output:
	// Second/HasTheSameData
	// Second/OneWinnerPerVersion
	// Second/AnyNeverConflicts
	// Second/SentAgainThere
	// Second/FollowersMissNothingAndAgree
	// Second/FollowersOfBoth
}
