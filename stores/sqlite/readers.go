package sqlite

import (
	"database/sql"
	"errors"

	"github.com/uptrace/bun"
)

// readers is the pool of connections that read.
type readers struct {
	bun *bun.DB
	prepared
}

func newReaders(db *bun.DB) *readers {
	return &readers{bun: db, prepared: prepared{prepare: db.DB.PrepareContext, stmts: make(map[string]*sql.Stmt)}}
}

func (r *readers) close() error { return errors.Join(r.prepared.close(), r.bun.Close()) }
