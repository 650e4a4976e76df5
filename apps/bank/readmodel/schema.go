package readmodel

import (
	"context"
	"embed"
	"io/fs"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect"

	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/stores/bunstore"
	"github.com/eventsource-go/eventsource/stores/bunstore/migrate"
)

//go:embed migrations/*/*.sql
var files embed.FS

var onSQLite, onPostgres = migrations("sqlite"), migrations("postgres")

func migrations(kind string) migrate.Set {
	dir, err := fs.Sub(files, "migrations/"+kind)
	if err != nil {
		panic(err) // the directory is embedded above
	}
	return migrate.New("bank", dir)
}

// Migrations is the SQL that makes the tables in a database of this kind.
func Migrations(db bun.IDB) migrate.Set {
	if db.Dialect().Name() == dialect.PG {
		return onPostgres
	}
	return onSQLite
}

// Migrate makes the tables, or brings them to the form that this program needs. The schema of the
// store is there already. Of several processes that migrate, one does and the others wait.
// Errors: [migrate.SchemaError].
func Migrate(ctx context.Context, db bunstore.Database) error {
	return db.InTx(ctx, func(ctx context.Context, tx bun.Tx, _ eventstore.Streams) error {
		if err := alone(ctx, tx); err != nil {
			return err
		}
		return Migrations(tx).Apply(ctx, tx)
	})
}

// migratesAlone is the key of the lock that whoever migrates holds: "bank", in hexadecimal.
const migratesAlone = 0x62616e6b

// alone returns when nobody else migrates, until tx ends. In SQLite nobody else writes anyway.
func alone(ctx context.Context, tx bun.Tx) error {
	if tx.Dialect().Name() != dialect.PG {
		return nil
	}
	// What was committed while this waits is to be seen, which stricter levels would not allow.
	if _, err := tx.ExecContext(ctx, "SET TRANSACTION ISOLATION LEVEL READ COMMITTED"); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, "SELECT pg_advisory_xact_lock(?)", migratesAlone)
	return err
}

// CheckSchema returns a [migrate.SchemaError] if [Migrate] has something to do, or can't.
func CheckSchema(ctx context.Context, db bunstore.Database) error {
	return Migrations(db.DB()).Check(ctx, db.DB())
}
