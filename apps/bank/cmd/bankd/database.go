package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/eventsource-go/eventsource/apps/bank/readmodel"
	"github.com/eventsource-go/eventsource/stores/sqlite"
)

const inMemory = ":memory:"

// defaultDatabase returns a file in the directory where the system keeps a user's data.
func defaultDatabase() (string, error) {
	dir, err := dataDir()
	if err != nil {
		return "", fmt.Errorf("there is no directory for a user's data; say where the database is: %w", err)
	}
	return filepath.Join(dir, "eventsource-bank", "bank.db"), nil
}

func dataDir() (string, error) {
	switch runtime.GOOS {
	case "windows", "darwin", "ios", "plan9":
		return os.UserConfigDir() // which is for data there too
	}
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) { // others are to be ignored, says the specification
		return dir, nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", err
	}
	return filepath.Join(home, ".local", "share"), nil
}

// makeDir makes the directory of the database, for this user alone.
func (cfg config) makeDir() error {
	if cfg.database == inMemory {
		return nil
	}
	return os.MkdirAll(filepath.Dir(cfg.database), 0o700)
}

func (cfg config) store() sqlite.Config { return sqlite.Config{Synchronous: cfg.sync} }

// withDatabase opens the database for a command that does not serve. If there is none it is
// made, or the command fails.
func withDatabase(ctx context.Context, cfg config, create bool, fn func(*sqlite.Store) error) (err error) {
	if create {
		err = cfg.makeDir()
	} else if _, err = os.Stat(cfg.database); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no bank: %w", err)
	}
	if err != nil {
		return err
	}
	store, err := sqlite.Open(ctx, cfg.database, cfg.store())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if create {
		if err := migrateAll(ctx, store); err != nil {
			return err
		}
	} else if err := errors.Join(store.CheckSchema(ctx), readmodel.CheckSchema(ctx, store)); err != nil {
		return err
	}
	return fn(store)
}

func migrateAll(ctx context.Context, store *sqlite.Store) error {
	if err := store.Migrate(ctx); err != nil {
		return err
	}
	return readmodel.Migrate(ctx, store)
}

// migrateDatabase is the command.
func migrateDatabase(ctx context.Context, args []string, cfg config, stdout, stderr io.Writer) int {
	if !parseFlags(newFlags("migrate"), args, stderr) {
		return exitUsage
	}
	err := withDatabase(ctx, cfg, true, func(*sqlite.Store) error { return nil })
	if err != nil {
		fmt.Fprintf(stderr, "bankd migrate: %v\n", err)
		return exitFailed
	}
	fmt.Fprintln(stdout, "the database has the form that this program needs")
	return exitOK
}
