package sqlite_test

import (
	"context"
	"errors"
	"testing"

	"github.com/eventsource-go/eventsource/stores/sqlite"
)

// To look nothing up is answered as to look something up is, to those who have left too.
func TestLookupOfNothingByOneWhoLeft(t *testing.T) {
	s := open(t, ":memory:", sqlite.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	if recs, err := s.Lookup(ctx); len(recs) > 0 || err != nil {
		t.Errorf("%v, %v", recs, err)
	}
	cancel()
	if _, err := s.Lookup(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
