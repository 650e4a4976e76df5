package banktest

import (
	"testing"

	"github.com/eventsource-go/eventsource/apps/bank/database"
	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

// Each runs a test on each kind of database that the bank can be kept in. newDatabase returns the address
// of an empty one, which lasts until its tb ends. The package of the test has a TestMain that calls
// [postgrestest.Main].
func Each(t *testing.T, test func(t *testing.T, newDatabase func(testing.TB) string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, func(testing.TB) string { return database.InMemory }) })
	t.Run("postgres", func(t *testing.T) { test(t, postgrestest.Database) })
}
