package postgres_test

import (
	"testing"

	"github.com/eventsource-go/eventsource/stores/postgres"
)

// open returns a store in the database at url that is closed when the test ends.
func open(tb testing.TB, url string, cfg postgres.Config) *postgres.Store {
	tb.Helper()
	s, err := postgres.Open(tb.Context(), url, cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	if err := s.Migrate(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	return s
}
