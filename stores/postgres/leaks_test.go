package postgres_test

import (
	"testing"
	"time"

	"github.com/eventsource-go/eventsource/stores/postgres"
)

// requireIdle fails unless every connection is back in the pool, soon.
func requireIdle(t testing.TB, s *postgres.Store) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); postgres.Acquired(s) > 0; {
		if time.Now().After(deadline) {
			t.Fatalf("%d connections are not back", postgres.Acquired(s))
		}
		time.Sleep(5 * time.Millisecond)
	}
}
