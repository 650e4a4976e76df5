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

	"github.com/eventsource-go/eventsource/apps/bank/database"
	"github.com/eventsource-go/eventsource/stores/postgres"
)

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

// errNoFolder is why a database can't be made: a path that is mistyped makes no folders.
var errNoFolder = errors.New("the folder of the file does not exist")

// makeFile makes the file of the database if there is none, for this user alone: SQLite gives
// the files that it puts beside it the same permissions. The default folder is made too, others
// have to exist. The error is a configError if they don't.
func (cfg config) makeFile() error {
	if cfg.database == database.InMemory {
		return nil
	}
	folder := filepath.Dir(cfg.database)
	if cfg.ownFolder {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return err
		}
	}
	switch info, err := os.Stat(folder); {
	case errors.Is(err, fs.ErrNotExist) || err == nil && !info.IsDir():
		return &configError{"BANK_DATABASE", errNoFolder}
	case err != nil:
		return err
	}
	if _, err := os.Stat(cfg.database); !errors.Is(err, fs.ErrNotExist) {
		return nil // what else is wrong with it is for the store to say
	}
	file, err := os.OpenFile(cfg.database, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return file.Close()
}

// access is what a command wants of the database.
type access int

const (
	reading   access = iota // it is there, and has the form that this program needs
	writing                 // if nothing is there yet, it is made
	migrating               // it is made, or brought to that form
)

// prepare makes the database for a server that opens it afterwards.
func (cfg config) prepare(ctx context.Context) error {
	if database.OnServer(cfg.database) {
		return withDatabase(ctx, cfg, writing, func(database.Database) error { return nil })
	}
	return cfg.makeFile()
}

// withDatabase opens the database for a command that does not serve.
func withDatabase(ctx context.Context, cfg config, want access, fn func(database.Database) error) (err error) {
	onServer := database.OnServer(cfg.database)
	switch {
	case onServer:
	case want != reading:
		err = cfg.makeFile()
	default:
		if _, err = os.Stat(cfg.database); errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("there is no bank: %w", err)
		}
	}
	if err != nil {
		return err
	}
	db, err := database.Open(ctx, cfg.database, cfg.onFile(), postgres.Config{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	ready := database.Check
	switch {
	case want == migrating, want == writing && !onServer: // a file is the bank's own
		ready = database.Migrate
	case want == writing:
		ready = database.Prepare
	}
	if err := ready(ctx, db); err != nil {
		return advised(err)
	}
	return fn(db)
}

// advised says what to do about a database that has to be migrated.
func advised(err error) error {
	if errors.Is(err, database.ErrNotMigrated) {
		return fmt.Errorf("%w; \"bankd migrate\" does that", err)
	}
	return err
}

// migrateDatabase is the command.
func migrateDatabase(ctx context.Context, args []string, cfg config, stdout, stderr io.Writer) int {
	if code, ok := parseFlags(newFlags("migrate"), args, stdout, stderr); !ok {
		return code
	}
	err := withDatabase(ctx, cfg, migrating, func(database.Database) error { return nil })
	if err != nil {
		fmt.Fprintf(stderr, "bankd migrate: %v\n", err)
		return exitFailed
	}
	fmt.Fprintln(stdout, "the database has the form that this program needs")
	return exitOK
}
