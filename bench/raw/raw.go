// Package raw is what the database can do without any library: the bare statements, prepared
// once, on one connection, into the same columns under the same unique keys as the platform's.
package raw

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"sync"

	"github.com/google/uuid"
	_ "modernc.org/sqlite" // the driver of everybody here

	"github.com/eventsource-go/eventsource/bench/domain"
)

// schema is the platform's table of events. It has no guard and no directory.
const schema = `CREATE TABLE events (
	position    INTEGER PRIMARY KEY,
	event_id    BLOB    NOT NULL UNIQUE,
	tenant      TEXT    NOT NULL,
	category    TEXT    NOT NULL,
	stream      TEXT    NOT NULL,
	version     INTEGER NOT NULL,
	type        TEXT    NOT NULL,
	schema      INTEGER NOT NULL,
	occurred_at INTEGER NOT NULL,
	recorded_at INTEGER NOT NULL,
	metadata    TEXT    NOT NULL,
	data        TEXT    NOT NULL,
	UNIQUE (tenant, category, stream, version)
) STRICT`

const (
	columns = 11
	row     = `(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	insert  = `INSERT INTO events (event_id, tenant, category, stream, version, type, schema, occurred_at, recorded_at, metadata, data) VALUES `
)

// OpenSQLite opens a new file in dir as everybody here does: in WAL mode, with the default
// checkpoint interval. synchronous is "FULL" or "NORMAL".
func OpenSQLite(dir, synchronous string) (*sql.DB, error) {
	q := url.Values{"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(" + synchronous + ")"}}
	return sql.Open("sqlite", "file:"+filepath.Join(dir, "bench.db")+"?"+q.Encode())
}

// Writer appends with bare statements. It is safe for concurrent use: callers wait for a mutex.
type Writer struct {
	mu       sync.Mutex
	db       *sql.DB
	stmt     *sql.Stmt // of as many rows as one append has
	args     []any
	metadata string
}

// NewWriter returns a writer of appends of n events into a new file in dir.
func NewWriter(ctx context.Context, dir, synchronous string, n int) (*Writer, error) {
	db, err := OpenSQLite(dir, synchronous)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, schema); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	stmt, err := db.PrepareContext(ctx, insert+strings.TrimSuffix(strings.Repeat(row+", ", n), ", "))
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &Writer{db: db, stmt: stmt, args: make([]any, 0, n*columns), metadata: string(domain.Why.JSON())}, nil
}

// Append inserts the next events of stream after version, in a transaction of their own.
func (w *Writer) Append(ctx context.Context, stream string, version int) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.args = w.args[:0]
	for i := range cap(w.args) / columns {
		id := uuid.Must(uuid.NewV7())
		p, typ := posting(version + i)
		at := p.At.UnixMicro()
		w.args = append(w.args, id[:], "", "account", stream, version+i+1, typ, 1, at, at, w.metadata, string(domain.Payload(version+i)))
	}
	_, err := w.stmt.ExecContext(ctx, w.args...)
	return err
}

// Count returns how many events there are.
func (w *Writer) Count(ctx context.Context) (n int, err error) {
	err = w.db.QueryRowContext(ctx, `SELECT count(*) FROM events`).Scan(&n)
	return n, err
}

// Close closes the file.
func (w *Writer) Close() error { return errors.Join(w.stmt.Close(), w.db.Close()) }

// Settings returns what durability db really has, for the header of a report.
func Settings(ctx context.Context, db *sql.DB) (string, error) {
	var version, journal string
	var synchronous, autocheckpoint int
	err := db.QueryRowContext(ctx, `SELECT sqlite_version()`).Scan(&version)
	for pragma, into := range map[string]any{"journal_mode": &journal, "synchronous": &synchronous, "wal_autocheckpoint": &autocheckpoint} {
		err = errors.Join(err, db.QueryRowContext(ctx, "PRAGMA "+pragma).Scan(into))
	}
	return fmt.Sprintf("%s journal=%s synchronous=%d checkpoint=%d", version, journal, synchronous, autocheckpoint), err
}
