// Package twin_test has memory, SQLite and PostgreSQL do the same, and tells where they differ.
package twin_test

import (
	"os"
	"testing"

	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

func TestMain(m *testing.M) { os.Exit(postgrestest.Main(m.Run)) }
