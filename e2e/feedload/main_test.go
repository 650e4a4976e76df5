// Package feedload_test has feeds read while many write to one PostgreSQL, and counts what they
// lose: the store's, and beside it, on the same load, two that others use.
package feedload_test

import (
	"os"
	"testing"

	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

func TestMain(m *testing.M) { os.Exit(postgrestest.Main(m.Run)) }
