package database

import (
	"context"
	"fmt"

	"github.com/eventsource-go/eventsource/stores/postgres"
	"github.com/eventsource-go/eventsource/stores/sqlite"
)

// Durability asks the database what an acknowledged write survives, and returns it in words.
func Durability(ctx context.Context, db Database) (string, error) {
	switch db := db.(type) {
	case *postgres.Store:
		set, err := db.Settings(ctx)
		return set.Durability, err
	case *sqlite.Store:
		set, err := db.Settings(ctx)
		return set.Durability, err
	}
	return "", fmt.Errorf("durability of a %T is unknown", db)
}
