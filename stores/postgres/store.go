// Package postgres keeps events in PostgreSQL 15 or later: an append is one round trip, and the
// feed of all events loses none, keeps the order of every stream, and waits for nothing foreign.
//
// Read models and checkpoints can live in the same database, and are written in the same
// transaction as events: see [Store.InTx] and package bunstore.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/stores/bunstore"
	"github.com/eventsource-go/eventsource/stores/bunstore/sqlstore"
)

// Config holds what a [Store] may be told. The zero value is ready to use. What concerns the
// connections belongs into the connection string, such as pool_max_conns.
type Config struct {
	// Policy is what the store accepts.
	Policy eventstore.Policy

	// Schema is where the tables are. It matches ^[a-z_][a-z0-9_]{0,30}$, and is created by
	// Migrate. Defaults to "public".
	Schema string

	// Prefix is how the names of the tables begin, so that several logs fit into one schema. It
	// matches what Schema does. Defaults to "es_".
	Prefix string

	// ResolveTimeout is how long to ask what became of an append, or of a commit, whose
	// connection was lost, before the answer is an [OutcomeUnknownError]. Defaults to 5 s.
	ResolveTimeout time.Duration

	// Strict has Open refuse a database whose [Settings] have Problems, with a [SettingsError].
	// Otherwise each of them is a warning in the Log.
	Strict bool

	// ListenURL is the connection string for wake-ups between processes. It is of use when the
	// other one leads to a pooler in transaction mode, which can't LISTEN. Defaults to the same;
	// "-" is neither to listen nor to notify, which leaves subscriptions to their polling, as a
	// ListenURL does that leads to such a pooler.
	ListenURL string

	// Now stamps the recorded time. Defaults to time.Now.
	Now func() time.Time

	// Log is told what nobody else is. Defaults to slog.DiscardHandler.
	Log *slog.Logger
}

// ErrInvalidConfig reports a Config or a connection string that can't be used.
var ErrInvalidConfig = errors.New("invalid configuration of a PostgreSQL store")

func (cfg Config) withDefaults() (Config, error) {
	if cfg.ResolveTimeout < 0 {
		return cfg, fmt.Errorf("%w: a value is out of range", ErrInvalidConfig)
	}
	if cfg.Schema == "" {
		cfg.Schema = "public"
	}
	if cfg.Prefix == "" {
		cfg.Prefix = "es_"
	}
	if cfg.ResolveTimeout == 0 {
		cfg.ResolveTimeout = 5 * time.Second
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return cfg, names{cfg.Schema, cfg.Prefix}.validate()
}

// Store is a log of events in a PostgreSQL database. It is safe for concurrent use.
type Store struct {
	cfg   Config
	names names
	pool  *pgxpool.Pool
	mode  pgx.QueryExecMode // of the store's own statements
	bun   *bun.DB           // on the same pool
	deaf  bool              // is not told of other processes' appends, though it was to be

	id      atomic.Pointer[event.ID] // nil until the schema is there
	text    texts
	fence   fence
	portion sqlstore.Portion // of the feed
	wake    *wake
	life    sqlstore.Lifetime
	leaked  runtime.Cleanup
}

var (
	_ eventstore.Store    = (*Store)(nil)
	_ eventstore.Notifier = (*Store)(nil)
	_ bunstore.Database   = (*Store)(nil)
	_ bunstore.Tables     = (*Store)(nil)
)

// Open connects to the database that a connection string names, as a URL or as key=value words;
// see pgxpool.ParseConfig. The schema is not created: [Store.Migrate] does that.
//
// The server must be PostgreSQL 15 or later. Behind a pooler that shares sessions between
// transactions, which is noticed, statements are not prepared, unless the connection string says
// how they are sent.
//
// Errors: [ErrInvalidConfig], [SettingsError], and an [Error] that matches [ErrUnreachable],
// [ErrDenied] or [eventstore.ErrBusy].
func Open(ctx context.Context, connString string, cfg Config) (*Store, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	poolConfig, err := pgxpool.ParseConfig(connString)
	if err != nil { // what it says may hold the password
		return nil, fmt.Errorf("%w: malformed connection string", ErrInvalidConfig)
	}
	listen := poolConfig.ConnConfig.Copy()
	if cfg.ListenURL != "" && cfg.ListenURL != "-" {
		if listen, err = pgx.ParseConfig(cfg.ListenURL); err != nil {
			return nil, fmt.Errorf("%w: malformed ListenURL", ErrInvalidConfig)
		}
	}
	s := &Store{cfg: cfg, names: names{cfg.Schema, cfg.Prefix}}
	s.wake = &wake{channel: s.names.channel(), log: cfg.Log}
	s.text = newTexts(s.names)
	// bun writes values into its statements, so each would push out one of the store's own from
	// the cache of prepared statements, if it were prepared.
	s.mode = poolConfig.ConnConfig.DefaultQueryExecMode
	if s.mode != pgx.QueryExecModeSimpleProtocol {
		poolConfig.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeExec
	}
	poolConfig.ConnConfig.BuildContextWatcherHandler = stop
	poolConfig.ConnConfig.OnNotice = heed
	if s.pool, err = pgxpool.NewWithConfig(ctx, poolConfig); err != nil {
		return nil, fmt.Errorf("%w: pool of connections", ErrInvalidConfig)
	}
	s.bun = bun.NewDB(stdlib.OpenDBFromPool(s.pool), pgdialect.New())
	if err = s.preflight(ctx, connString, listen); err == nil {
		_, err = s.identity(ctx)
	}
	if err != nil && !errors.Is(err, ErrSchema) {
		return nil, errors.Join(err, s.closeConnections())
	}
	if cfg.ListenURL != "-" && !s.deaf {
		s.wake.start(ctx, listen)
	}
	logger := cfg.Log
	s.leaked = runtime.AddCleanup(s, func(names names) {
		logger.Error("a PostgreSQL store was not closed", "schema", names.schema, "prefix", names.prefix)
	}, s.names)
	return s, nil
}

// Close waits for what is under way, and closes the connections. Everything that comes later is
// answered with [eventstore.ErrStoreClosed]. To close it again does nothing.
func (s *Store) Close() error {
	if !s.life.End() {
		return nil
	}
	s.leaked.Stop()
	return s.closeConnections()
}

func (s *Store) closeConnections() error {
	s.wake.stop()
	err := s.bun.Close()
	s.pool.Close()
	return failed("close", err)
}

// DB is the database, beside the events. It shares the store's pool of connections.
func (s *Store) DB() *bun.DB { return s.bun }

// Table implements [bunstore.Tables].
func (s *Store) Table(component string) string {
	return s.names.schema + "." + s.names.prefix + component
}

// Checkpoints returns the checkpoints in this database.
func (s *Store) Checkpoints() *bunstore.Checkpoints { return bunstore.NewCheckpoints(s) }

// identity returns which log this is.
func (s *Store) identity(ctx context.Context) (event.ID, error) {
	if id := s.id.Load(); id != nil {
		return *id, nil
	}
	if err := s.schema(ctx); err != nil {
		return event.ID{}, err
	}
	var id event.ID
	if err := s.pool.QueryRow(ctx, s.names.in("SELECT id FROM {store}"), s.mode).Scan(&id); err != nil {
		return event.ID{}, failed("read the identity", err)
	}
	s.id.Store(&id)
	return id, nil
}
