package postgres

import (
	"context"
	"database/sql"
	"embed"
	"io/fs"

	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/stores/bunstore/migrate"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations is the schema as plain SQL, to read or to apply by other means. Its names are those
// of the default prefix.
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
	err := s.bun.RunInTx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted}, func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock(?)", int64(s.names.hash())); err != nil {
			return err
		}
		if err := s.createSchema(ctx, tx); err != nil {
			return err
		}
		if err := s.enterSchema(ctx, tx); err != nil {
			return err
		}
		if err := Migrations.WithPrefix(s.names.prefix).Apply(ctx, tx); err != nil {
			return err
		}
		return s.checkShape(ctx, tx)
	})
	if err != nil {
		return failed("migrate", err)
	}
	_, err = s.identity(ctx)
	return err
}

// createSchema asks first, because IF NOT EXISTS wants the right to create also where nothing is.
func (s *Store) createSchema(ctx context.Context, tx bun.Tx) error {
	n, err := tx.NewSelect().Table("pg_catalog.pg_namespace").Where("nspname = ?", s.names.schema).Count(ctx)
	if err == nil && n == 0 {
		_, err = tx.ExecContext(ctx, "CREATE SCHEMA ?", bun.Ident(s.names.schema))
	}
	return err
}

// enterSchema makes the schema the one that names without one are in, until tx ends. One that may
// not be used looks as if nothing were in it, so that is told apart.
func (s *Store) enterSchema(ctx context.Context, tx bun.Tx) error {
	var hidden bool
	err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = ?0 AND NOT has_schema_privilege(oid, 'USAGE'))
FROM set_config('search_path', quote_ident(?0), true)`, s.names.schema).Scan(&hidden)
	if err == nil && hidden {
		err = &Error{Op: "use the schema", kind: ErrDenied}
	}
	return err
}

// CheckSchema returns a [SchemaError] unless the schema is as this program needs it: every
// migration applied as it is, and every table with the columns and keys that they give it.
func (s *Store) CheckSchema(ctx context.Context) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.life.Leave()
	return s.schema(ctx)
}

func (s *Store) schema(ctx context.Context) error {
	err := s.bun.RunInTx(ctx, &sql.TxOptions{ReadOnly: true}, func(ctx context.Context, tx bun.Tx) error {
		if err := s.enterSchema(ctx, tx); err != nil {
			return err
		}
		if err := Migrations.WithPrefix(s.names.prefix).Check(ctx, tx); err != nil {
			return err
		}
		return s.checkShape(ctx, tx)
	})
	return failed("check the schema", err)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
