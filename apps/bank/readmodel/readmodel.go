// Package readmodel is the side of the bank that is queried: balances, statements and the audit
// trail, in tables beside the events.
//
// The three are written by one subscription, each batch of events in one transaction with the
// checkpoint, so every event counts once and a reader never sees one table ahead of another.
package readmodel

import (
	"context"
	"embed"
	"io/fs"

	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/subscription"
	"github.com/eventsource-go/eventsource/stores/bunstore"
	"github.com/eventsource-go/eventsource/stores/bunstore/migrate"
)

// Name is the subscription's: progress is kept under it. A read model that has to be built anew
// gets a new name, and new tables.
const Name = "bank.readmodel"

// NewSubscription returns the subscription that writes the read models in db.
func NewSubscription(db bunstore.Database) subscription.Subscription {
	return bunstore.NewSubscription(Name, bunstore.JoinTx(balances(), statements(), audit()), db)
}

//go:embed migrations/*.sql
var files embed.FS

var migrations = func() migrate.Set {
	dir, err := fs.Sub(files, "migrations")
	if err != nil {
		panic(err) // the directory is embedded above
	}
	return migrate.New("bank", dir)
}()

// Migrate makes the tables, or brings them to the form that this program needs.
// Errors: [migrate.SchemaError].
func Migrate(ctx context.Context, db bunstore.Database) error {
	return db.InTx(ctx, func(ctx context.Context, tx bun.Tx, _ eventstore.Streams) error {
		return migrations.Apply(ctx, tx)
	})
}

// CheckSchema returns a [migrate.SchemaError] if [Migrate] has something to do, or can't.
func CheckSchema(ctx context.Context, db bunstore.Database) error {
	return migrations.Check(ctx, db.DB())
}
