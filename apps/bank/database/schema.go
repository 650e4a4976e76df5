package database

import (
	"context"
	"errors"
	"fmt"

	"github.com/eventsource-go/eventsource/apps/bank/readmodel"
	"github.com/eventsource-go/eventsource/stores/bunstore/migrate"
	"github.com/eventsource-go/eventsource/stores/postgres"
)

// ErrNotMigrated reports a database that has to be brought to the form that this program needs, by
// [Migrate].
var ErrNotMigrated = errors.New("the database has to be migrated")

// Migrate makes all tables, or brings them to the form that this program needs.
// Errors: [migrate.SchemaError], and those of the store.
func Migrate(ctx context.Context, db Database) error {
	if err := db.Migrate(ctx); err != nil {
		return err
	}
	return readmodel.Migrate(ctx, db)
}

// Check returns an error unless all tables are as this program needs them. If [Migrate] would
// help, it matches [ErrNotMigrated].
func Check(ctx context.Context, db Database) error {
	err := db.CheckSchema(ctx)
	if err == nil {
		err = readmodel.CheckSchema(ctx, db)
	}
	if errors.Is(err, migrate.ErrMissing) {
		err = fmt.Errorf("%w: %w", ErrNotMigrated, err)
	}
	return err
}

// Prepare makes the tables in a database on a server that has none of them yet, and checks them in
// one that has: there, other programs may be at work that need the form that they have, and who
// serves may not have the right to change it. Several programs may prepare one database at once.
// Errors: as [Check], and those of the store.
func Prepare(ctx context.Context, db Database) error {
	if err := db.CheckSchema(ctx); isAbsent(err, postgres.Migrations) {
		if err := db.Migrate(ctx); err != nil {
			return err
		}
	}
	if err := readmodel.CheckSchema(ctx, db); isAbsent(err, readmodel.Migrations(db.DB())) {
		if err := readmodel.Migrate(ctx, db); err != nil {
			return err
		}
	}
	return Check(ctx, db)
}

// isAbsent reports whether a check found nothing of a set.
func isAbsent(err error, set migrate.Set) bool {
	missing, ok := errors.AsType[*migrate.SchemaError](err)
	return ok && missing.Reason == migrate.ErrMissing && missing.Detail == set.Migrations[0].Name
}
