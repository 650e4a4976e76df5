package database

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"

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
// Errors: as [Check], [ErrNotMigrated] if the user may not make tables, and those of the store.
func Prepare(ctx context.Context, db Database) error {
	if err := db.CheckSchema(ctx); isAbsent(err, postgres.Migrations) {
		if err := db.Migrate(ctx); err != nil {
			return notPermitted(err)
		}
	}
	if err := readmodel.CheckSchema(ctx, db); isAbsent(err, readmodel.Migrations(db.DB())) {
		if err := readmodel.Migrate(ctx, db); err != nil {
			return notPermitted(err)
		}
	}
	return Check(ctx, db)
}

// notPermitted adds that somebody else has to migrate, if that is what err means.
func notPermitted(err error) error {
	if denied, ok := errors.AsType[*pgconn.PgError](err); ok && denied.Code == "42501" {
		return fmt.Errorf("%w, by a user who may: %w", ErrNotMigrated, err)
	}
	return err
}

// isAbsent reports whether a check found nothing of a set.
func isAbsent(err error, set migrate.Set) bool {
	missing, ok := errors.AsType[*migrate.SchemaError](err)
	return ok && errors.Is(err, migrate.ErrMissing) && missing.Detail == set.Migrations[0].Name
}
