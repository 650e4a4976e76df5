package main

import (
	"context"
	"log/slog"

	"go.uber.org/fx"

	"github.com/eventsource-go/eventsource/apps/bank/database"
	"github.com/eventsource-go/eventsource/apps/bank/readmodel"
	"github.com/eventsource-go/eventsource/stores/bunstore"
	"github.com/eventsource-go/eventsource/stores/postgres"
	"github.com/eventsource-go/eventsource/stores/postgres/postgresfx"
	"github.com/eventsource-go/eventsource/stores/sqlite"
	"github.com/eventsource-go/eventsource/stores/sqlite/sqlitefx"
)

// This is where the configuration chooses the store. A service that needs one of the two keeps
// that branch.

// storeModule provides the store, opened, and with its schema in place when the bank starts.
func storeModule(cfg config) fx.Option {
	return fx.Module("store", chosenStore(cfg), fx.Invoke(sayDurability))
}

func chosenStore(cfg config) fx.Option {
	if database.OnServer(cfg.database) {
		return fx.Options(
			fx.Supply(postgresfx.Config{URL: cfg.database}), // which checks the schema; see config.prepare
			postgresfx.Module,
			fx.Provide(func(s *postgres.Store) database.Database { return s }),
		)
	}
	return fx.Options(
		fx.Supply(sqlitefx.Config{Path: cfg.database, Store: cfg.onFile(), Migrate: true}),
		sqlitefx.Module,
		fx.Provide(func(s *sqlite.Store) database.Database { return s }),
	)
}

func (cfg config) onFile() sqlite.Config { return sqlite.Config{Synchronous: cfg.sync} }

// sayDurability logs what is promised to who is told that a write happened.
func sayDurability(lc fx.Lifecycle, db database.Database, log *slog.Logger) {
	lc.Append(fx.StartHook(func(ctx context.Context) error {
		survives, err := database.Durability(ctx, db)
		if err == nil {
			log.InfoContext(ctx, "database is open", "acknowledged_survives", survives)
		}
		return err
	}))
}

// prepareTables brings the tables of the read models to their form in a file, which is the bank's
// own, and checks them on a server.
func (cfg config) prepareTables(ctx context.Context, db bunstore.Database) error {
	if database.OnServer(cfg.database) {
		return readmodel.CheckSchema(ctx, db)
	}
	return readmodel.Migrate(ctx, db)
}
