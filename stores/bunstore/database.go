// Package bunstore holds what the SQL stores share, on bun: checkpoints that live beside the
// events, projections whose read model and checkpoint commit together, and migrations.
package bunstore

import (
	"context"

	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/core/eventstore"
)

// Tables is what a [Database] has whose own tables are not named es_checkpoints and so on, or
// not found without naming their schema.
type Tables interface {
	// Table returns the name of the table of a component, such as "checkpoints", with the schema
	// before it if there is one: "public.es_checkpoints".
	Table(component string) string
}

func table(db Database, component string) bun.Ident {
	if t, ok := db.(Tables); ok {
		return bun.Ident(t.Table(component))
	}
	return bun.Ident("es_" + component)
}

// Database is what an SQL store offers beside its events. It is safe for concurrent use.
type Database interface {
	// DB reads. Some stores refuse to write through it.
	DB() *bun.DB

	// InTx runs fn in one transaction that writes, and commits it if fn returns nil: what fn
	// writes through tx and what it appends through streams is stored together or not at all.
	// fn must not use the store otherwise, nor end tx.
	InTx(ctx context.Context, fn func(ctx context.Context, tx bun.Tx, streams eventstore.Streams) error) error
}
