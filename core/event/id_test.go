package event_test

import (
	"bytes"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/eventsource-go/eventsource/core/event"
)

func TestIDsSortByTheTimeTheyWereMade(t *testing.T) {
	const n = 10_000 // many in one tick of any clock
	before, last := time.Now().Add(-time.Millisecond), event.ID{}
	for range n {
		id := event.NewID()
		if id.Version() != 7 || id.Variant() != uuid.RFC4122 {
			t.Fatalf("%s has version %d, variant %s", id, id.Version(), id.Variant())
		}
		if bytes.Compare(id[:8], last[:8]) <= 0 {
			t.Fatalf("%s was made after %s", id, last)
		}
		last = id
	}
	sec, nsec := last.Time().UnixTime()
	if made := time.Unix(sec, nsec); made.Before(before) || made.After(time.Now().Add(time.Second)) {
		t.Errorf("%s says that it was made at %s", last, made)
	}
}

func TestIDsMadeAtOnceDiffer(t *testing.T) {
	const makers, each = 8, 2000
	ids := make([][each]event.ID, makers)
	var wg sync.WaitGroup
	for m := range makers {
		wg.Go(func() {
			for i := range each {
				ids[m][i] = event.NewID()
			}
		})
	}
	wg.Wait()
	stamps := make(map[[8]byte]bool)
	for _, made := range ids {
		for _, id := range made {
			if stamps[[8]byte(id[:8])] {
				t.Fatalf("%s has the time of another", id)
			}
			stamps[[8]byte(id[:8])] = true
		}
	}
}
