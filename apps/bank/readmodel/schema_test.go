package readmodel_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/eventsource-go/eventsource/apps/bank/banktest"
	"github.com/eventsource-go/eventsource/apps/bank/database"
	"github.com/eventsource-go/eventsource/apps/bank/readmodel"
	"github.com/eventsource-go/eventsource/stores/bunstore/migrate"
	"github.com/eventsource-go/eventsource/stores/postgres"
	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
	"github.com/eventsource-go/eventsource/stores/sqlite"
)

func openStore(t *testing.T, address string) database.Database {
	t.Helper()
	store, err := database.Open(t.Context(), address, sqlite.Config{}, postgres.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

func TestSchema(t *testing.T) { banktest.Each(t, testSchema) }

func testSchema(t *testing.T, newDatabase func(testing.TB) string) {
	store, ctx := openStore(t, newDatabase(t)), t.Context()
	if err := store.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	if err := readmodel.CheckSchema(ctx, store); !errors.Is(err, migrate.ErrMissing) {
		t.Error(err)
	}
	for range 2 {
		if err := readmodel.Migrate(ctx, store); err != nil {
			t.Fatal(err)
		}
	}
	if err := readmodel.CheckSchema(ctx, store); err != nil {
		t.Error(err)
	}
}

// Several processes that migrate one database at once all succeed, also where transactions are
// stricter by default.
func TestSeveralMigrateAtOnce(t *testing.T) {
	for _, level := range []string{"read committed", "repeatable read", "serializable"} {
		address := postgrestest.Database(t)
		if _, err := postgrestest.Connect(t, address).Exec(t.Context(), `DO $$ BEGIN
			EXECUTE format('ALTER DATABASE %I SET default_transaction_isolation = %L', current_database(), '`+level+`'); END $$`); err != nil {
			t.Fatal(err)
		}
		const n = 4
		stores := make([]database.Database, n)
		for i := range stores {
			stores[i] = openStore(t, address)
		}
		if err := stores[0].Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for _, store := range stores {
			all.Go(func() {
				if err := readmodel.Migrate(t.Context(), store); err != nil {
					t.Errorf("%s: %v", level, err)
				}
			})
		}
		all.Wait()
		if err := readmodel.CheckSchema(t.Context(), stores[0]); err != nil {
			t.Error(err)
		}
	}
}
