package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/eventsource-go/eventsource/stores/bunstore/bunstoretest"
	"github.com/eventsource-go/eventsource/stores/sqlite"
)

func TestBunstore(t *testing.T) {
	bunstoretest.Run(t, func(tb testing.TB) bunstoretest.Store {
		return open(tb, filepath.Join(tb.TempDir(), "events.db"), sqlite.Config{})
	})
}
