// Package postgresfx wires a PostgreSQL store with Fx. Everything it does can be done without it:
// [postgres.Open], [postgres.Store.Migrate] or [postgres.Store.CheckSchema], [postgres.Store.Close].
package postgresfx

import (
	"context"
	"errors"
	"log/slog"

	"go.uber.org/fx"

	"github.com/eventsource-go/eventsource/core/checkpoint"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/stores/bunstore"
	"github.com/eventsource-go/eventsource/stores/postgres"
)

// Config says which database to open, and how.
type Config struct {
	// URL is the connection string; see [postgres.Open]. Required.
	URL string

	// Migrate brings the schema to the form that the program needs when the application
	// starts. Defaults to checking it, and not starting if it does not fit.
	Migrate bool

	// Store configures the store. Its Log defaults to the application's *slog.Logger, if it
	// has one.
	Store postgres.Config
}

// Module provides the *postgres.Store of a [Config], which is also the application's
// eventstore.Store, bunstore.Database and checkpoint.Store. The store is opened when it is
// first asked for, and closed after everything that was built from it has stopped.
var Module = fx.Module("postgres", fx.Provide(
	open,
	func(s *postgres.Store) eventstore.Store { return s },
	func(s *postgres.Store) bunstore.Database { return s },
	func(s *postgres.Store) checkpoint.Store { return s.Checkpoints() },
))

type params struct {
	fx.In

	Config    Config
	Lifecycle fx.Lifecycle
	Log       *slog.Logger `optional:"true"`
}

func open(p params) (*postgres.Store, error) {
	if p.Config.Store.Log == nil {
		p.Config.Store.Log = p.Log
	}
	s, err := postgres.Open(context.Background(), p.Config.URL, p.Config.Store)
	if err != nil {
		return nil, err
	}
	check := s.CheckSchema
	if p.Config.Migrate {
		check = s.Migrate
	}
	// What is built from the store adds its hooks later, and so stops before.
	p.Lifecycle.Append(fx.Hook{
		OnStart: func(ctx context.Context) error {
			if err := check(ctx); err != nil {
				return errors.Join(err, s.Close()) // Fx does not stop what did not start
			}
			return nil
		},
		OnStop: func(context.Context) error { return s.Close() },
	})
	return s, nil
}
