// Package database is where the bank is kept: in a SQLite file, or on a PostgreSQL server. The
// address decides, and the rest of the bank does not know which it is.
package database

import (
	"context"

	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/stores/bunstore"
	"github.com/eventsource-go/eventsource/stores/postgres"
	"github.com/eventsource-go/eventsource/stores/sqlite"
)

// Database is what the bank needs of its store.
type Database interface {
	eventstore.Store
	bunstore.Database

	Migrate(ctx context.Context) error
	CheckSchema(ctx context.Context) error
	Checkpoints() *bunstore.Checkpoints
	Close() error
}

var (
	_ Database = (*sqlite.Store)(nil)
	_ Database = (*postgres.Store)(nil)
)

// Open opens the database at an address: that of a server, see [OnServer], or a path.
// Errors: those of [postgres.Open] and [sqlite.Open].
func Open(ctx context.Context, address string, onFile sqlite.Config, onServer postgres.Config) (Database, error) {
	if OnServer(address) {
		db, err := postgres.Open(ctx, address, onServer)
		if err != nil {
			return nil, err // and no pointer that is nil
		}
		return db, nil
	}
	db, err := sqlite.Open(ctx, address, onFile)
	if err != nil {
		return nil, err
	}
	return db, nil
}
