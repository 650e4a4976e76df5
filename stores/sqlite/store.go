// Package sqlite keeps events in a SQLite file: the embedded store, durable by default, for one
// process or several. It needs no C compiler and no server.
//
// One connection of the process writes, and commits for all who append at the same time; a pool
// of others reads. Read models and checkpoints can live in the same file, and are written in
// the same transaction as events: see [Store.InTx] and package bunstore.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/stores/bunstore"
	"github.com/eventsource-go/eventsource/stores/bunstore/sqlstore"
)

// Config holds what a [Store] may be told. The zero value is ready to use.
type Config struct {
	// Policy is what the store accepts.
	Policy eventstore.Policy

	// Synchronous says what an acknowledged append survives. Defaults to [Full].
	Synchronous Synchronous

	// BusyTimeout is how long to wait for others who write, in this process or another one,
	// before the answer is [eventstore.ErrBusy]. Defaults to 5 s.
	BusyTimeout time.Duration

	// Readers is how many connections read: so many for the store, and so many for [Store.DB].
	// Defaults to 4.
	Readers int

	// GroupLimit is how many appends that arrive together are committed together at most.
	// Defaults to 64; 1 commits each alone.
	GroupLimit int

	// WatchInterval is how often to look for commits of other processes, while somebody waits
	// for them. Defaults to 10 ms; -1 is never, which leaves subscriptions to their polling.
	WatchInterval time.Duration

	// Now stamps the recorded time. Defaults to time.Now.
	Now func() time.Time

	// Log is told what nobody else is. Defaults to slog.DiscardHandler.
	Log *slog.Logger
}

// Synchronous is SQLite's setting of that name, in WAL mode.
type Synchronous int

const (
	// Full waits for the disk: what is acknowledged survives a power failure.
	Full Synchronous = iota
	// Normal does not wait for each commit: what is acknowledged survives a killed process, but
	// the last commits may be lost when the power fails. The log stays consistent.
	Normal
)

func (s Synchronous) String() string {
	if s == Normal {
		return "NORMAL"
	}
	return "FULL"
}

// ErrInvalidConfig reports a Config that can't be used.
var ErrInvalidConfig = errors.New("invalid configuration of a SQLite store")

func (cfg Config) withDefaults() (Config, error) {
	for name, bad := range map[string]bool{
		"Synchronous": cfg.Synchronous < Full || cfg.Synchronous > Normal,
		"BusyTimeout": cfg.BusyTimeout < 0, "Readers": cfg.Readers < 0, "GroupLimit": cfg.GroupLimit < 0, "WatchInterval": cfg.WatchInterval < -1,
	} {
		if bad {
			return cfg, fmt.Errorf("%w: %s is out of range", ErrInvalidConfig, name)
		}
	}
	if err := cfg.Policy.Validate(); err != nil {
		return cfg, fmt.Errorf("%w: %w", ErrInvalidConfig, err)
	}
	if cfg.BusyTimeout == 0 {
		cfg.BusyTimeout = 5 * time.Second
	}
	if cfg.Readers == 0 {
		cfg.Readers = 4
	}
	if cfg.GroupLimit == 0 {
		cfg.GroupLimit = 64
	}
	if cfg.WatchInterval == 0 {
		cfg.WatchInterval = 10 * time.Millisecond
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return cfg, nil
}

// Store is a log of events in a SQLite database. It is safe for concurrent use.
type Store struct {
	cfg     Config
	path    string
	tempDir string // of a store that keeps nothing; removed by Close

	id      atomic.Pointer[event.ID] // nil until the schema is there
	writer  *writer
	readers *readers
	wake    wake
	life    sqlstore.Lifetime
	leaked  runtime.Cleanup
}

var (
	_ eventstore.Store    = (*Store)(nil)
	_ eventstore.Notifier = (*Store)(nil)
	_ bunstore.Database   = (*Store)(nil)
)

// Open opens the database in the file at path, and creates the file, not the schema, if there is
// none: [Store.Migrate] does that. The path ":memory:" is a database of its own in the temporary
// folder, not synced to disk and removed by Close.
//
// Errors: [ErrInvalidConfig], and an [Error] that matches [ErrCantOpen], [ErrCorrupt],
// [ErrReadOnly] or [eventstore.ErrBusy].
func Open(ctx context.Context, path string, cfg Config) (*Store, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	if path == "" {
		return nil, fmt.Errorf("%w: no path", ErrInvalidConfig)
	}
	s := &Store{cfg: cfg, path: path}
	synchronous := cfg.Synchronous.String()
	if path == memory {
		if s.tempDir, err = os.MkdirTemp("", "es-sqlite-"); err != nil {
			return nil, &Error{Op: "open", Path: path, kind: ErrCantOpen, cause: err}
		}
		path, synchronous = s.tempDir+"/events.db", "OFF"
	}
	if err := s.open(ctx, path, synchronous); err != nil {
		return nil, errors.Join(err, s.closeConnections())
	}
	logger, name := cfg.Log, s.path
	s.leaked = runtime.AddCleanup(s, func(struct{}) {
		logger.Error("a SQLite store was not closed", "path", name)
	}, struct{}{})
	return s, nil
}

func (s *Store) open(ctx context.Context, path, synchronous string) error {
	writing, err := sql.Open("sqlite", dsn(path, "synchronous("+synchronous+")", "journal_mode(WAL)", "busy_timeout(0)"))
	if err != nil {
		return s.failed("open", err)
	}
	s.writer = newWriter(bun.NewDB(writing, sqlitedialect.New()), s.cfg)
	if err := s.writer.connect(ctx); err != nil {
		return s.failed("open", err)
	}
	if s.readers, err = openReaders(path, s.cfg); err != nil {
		return s.failed("open", err)
	}
	if _, err := s.identity(ctx); err != nil && !errors.Is(err, ErrSchema) {
		return err
	}
	return nil
}

// Close waits for what is under way, and closes the database; inside of [Store.InTx] it would
// wait for itself. Everything that comes later is answered with [eventstore.ErrStoreClosed]. To
// close it again does nothing.
func (s *Store) Close() error {
	if !s.life.End() {
		return nil
	}
	s.leaked.Stop()
	return s.closeConnections()
}

func (s *Store) closeConnections() (err error) {
	s.wake.stop()
	if s.readers != nil {
		err = s.readers.close()
	}
	if s.writer != nil { // last, so that it finds itself alone, and moves the WAL into the file
		err = errors.Join(err, s.writer.close())
	}
	if s.tempDir != "" {
		err = errors.Join(err, os.RemoveAll(s.tempDir))
	}
	return s.failed("close", err)
}

// DB reads: its connections refuse to write. What it reads is committed. The store itself does
// not use them, so it can be asked for more while they are held.
func (s *Store) DB() *bun.DB { return s.readers.callers }

// Checkpoints returns the checkpoints in this database.
func (s *Store) Checkpoints() *bunstore.Checkpoints { return bunstore.NewCheckpoints(s) }

// identity returns which log this is.
func (s *Store) identity(ctx context.Context) (event.ID, error) {
	if id := s.id.Load(); id != nil {
		return *id, nil
	}
	if err := s.schema(ctx, bun.NewDB(s.readers.own, sqlitedialect.New())); err != nil {
		return event.ID{}, err
	}
	id, err := identityOf(ctx, s.readers)
	if err != nil {
		return event.ID{}, s.failed("read the identity", err)
	}
	s.id.Store(&id)
	return id, nil
}

// identityOf returns which log run is on.
func identityOf(ctx context.Context, run runner) (id event.ID, err error) {
	rows, err := run.query(ctx, "SELECT id FROM es_store")
	if err != nil {
		return id, err
	}
	defer rows.Close()
	var raw []byte
	for rows.Next() {
		if err := rows.Scan(&raw); err != nil {
			return id, err
		}
		copy(id[:], raw)
	}
	return id, rows.Err()
}
