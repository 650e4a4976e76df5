package sqlite

import (
	"database/sql"
	"errors"
	"fmt"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"
)

// readers is the connections that read: those of the store, which are held for one statement at
// a time, and those of callers, which may be held while the store is asked for more.
type readers struct {
	prepared
	own     *sql.DB
	callers *bun.DB
}

func openReaders(path string, cfg Config) (*readers, error) {
	name := dsn(path, "query_only(1)", fmt.Sprintf("busy_timeout(%d)", cfg.BusyTimeout.Milliseconds()))
	own, err := sql.Open("sqlite", name)
	if err != nil {
		return nil, err
	}
	callers, err := sql.Open("sqlite", name)
	if err != nil {
		return nil, errors.Join(err, own.Close())
	}
	own.SetMaxOpenConns(cfg.Readers + 1) // one watches for other processes
	own.SetMaxIdleConns(cfg.Readers + 1)
	callers.SetMaxOpenConns(cfg.Readers)
	callers.SetMaxIdleConns(cfg.Readers)
	return &readers{
		prepared: prepared{prepare: own.PrepareContext, stmts: make(map[string]*sql.Stmt)},
		own:      own,
		callers:  bun.NewDB(callers, sqlitedialect.New()),
	}, nil
}

func (r *readers) close() error {
	return errors.Join(r.prepared.close(), r.own.Close(), r.callers.Close())
}
