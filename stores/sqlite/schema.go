package sqlite

import (
	"context"
	"embed"
	"io/fs"

	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/stores/bunstore/migrate"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations is the schema as plain SQL, to read or to apply by other means.
var Migrations = migrate.New("eventsource", must(fs.Sub(files, "migrations")))

// What can be wrong with a schema; see package migrate.
var (
	ErrSchema        = migrate.ErrSchema
	ErrSchemaMissing = migrate.ErrMissing
	ErrSchemaNewer   = migrate.ErrNewer
	ErrSchemaAltered = migrate.ErrAltered
)

// SchemaError reports a database that this program can't use as it is.
type SchemaError = migrate.SchemaError

// Migrate brings the schema to the form that this program needs, in one transaction. It does
// nothing if that is done already. Of several processes that migrate, one does and the others wait.
//
// Errors: [SchemaError] if the schema is newer than this program, or another one; [Error].
func (s *Store) Migrate(ctx context.Context) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.life.Leave()
	err := s.writeTx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if err := Migrations.Apply(ctx, tx); err != nil {
			return err
		}
		return checkShape(ctx, tx)
	})
	if err != nil {
		return s.failed("migrate", err)
	}
	_, err = s.identity(ctx)
	return err
}

// CheckSchema returns a [SchemaError] unless the schema is as this program needs it: every
// migration applied as it is, and every table in the form that they give it.
func (s *Store) CheckSchema(ctx context.Context) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.life.Leave()
	return s.schema(ctx, s.DB())
}

func (s *Store) schema(ctx context.Context, db bun.IDB) error {
	err := Migrations.Check(ctx, db)
	if err == nil {
		err = checkShape(ctx, db)
	}
	return s.failed("check the schema", err)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
