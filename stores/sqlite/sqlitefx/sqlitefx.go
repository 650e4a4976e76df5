// Package sqlitefx wires a SQLite store with Fx. Everything it does can be done without it:
// [sqlite.Open], [sqlite.Store.Migrate] or [sqlite.Store.CheckSchema], [sqlite.Store.Close].
package sqlitefx

import (
	"context"
	"errors"
	"log/slog"

	"go.uber.org/fx"

	"github.com/eventsource-go/eventsource/core/checkpoint"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/stores/bunstore"
	"github.com/eventsource-go/eventsource/stores/sqlite"
)

// Config says which database to open, and how.
type Config struct {
	// Path is the file; see [sqlite.Open]. Required.
	Path string

	// Migrate brings the schema to the form that the program needs when the application
	// starts. Defaults to checking it, and not starting if it does not fit.
	Migrate bool

	// Store configures the store. Its Log defaults to the application's *slog.Logger, if it
	// has one.
	Store sqlite.Config
}

// Module provides the *sqlite.Store of a [Config], which is also the application's
// eventstore.Store, bunstore.Database and checkpoint.Store. The store is opened when it is
// first asked for, and closed after everything that was built from it has stopped.
var Module = fx.Module("sqlite", fx.Provide(
	open,
	func(s *sqlite.Store) eventstore.Store { return s },
	func(s *sqlite.Store) bunstore.Database { return s },
	func(s *sqlite.Store) checkpoint.Store { return s.Checkpoints() },
))

type params struct {
	fx.In

	Config    Config
	Lifecycle fx.Lifecycle
	Log       *slog.Logger `optional:"true"`
}

func open(p params) (*sqlite.Store, error) {
	if p.Config.Store.Log == nil {
		p.Config.Store.Log = p.Log
	}
	s, err := sqlite.Open(context.Background(), p.Config.Path, p.Config.Store)
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
