package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/uptrace/bun"
)

// writer is the one connection that writes. Whoever has the turn may use it.
type writer struct {
	bun  *bun.DB
	conn bun.Conn
	busy time.Duration
	turn chan struct{} // holds one token while somebody has the turn
	stmt prepared
	queue
}

func newWriter(db *bun.DB, cfg Config) *writer {
	db.SetMaxOpenConns(1)
	return &writer{bun: db, busy: cfg.BusyTimeout, turn: make(chan struct{}, 1), queue: queue{limit: cfg.GroupLimit}}
}

// connect opens the connection, for which the pragmas of another process may have to wait.
func (w *writer) connect(ctx context.Context) error {
	return w.retry(ctx, func() (err error) {
		if w.conn, err = w.bun.Conn(ctx); err == nil {
			w.stmt = prepared{prepare: w.conn.PrepareContext, stmts: make(map[string]*sql.Stmt)}
		}
		return err
	})
}

func (w *writer) close() error {
	if w.conn.Conn == nil {
		return w.bun.Close()
	}
	return errors.Join(w.stmt.close(), w.conn.Close(), w.bun.Close())
}

// errNoTurn reports that others of this process had the turn all the time.
var errNoTurn = errors.New("no turn")

// take waits for the turn, for as long as it may wait for others who write.
func (w *writer) take(ctx context.Context) error {
	select {
	case w.turn <- struct{}{}:
		return nil
	default:
	}
	timeout := time.NewTimer(w.busy)
	defer timeout.Stop()
	select {
	case w.turn <- struct{}{}:
		return nil
	case <-timeout.C:
		return errNoTurn
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (w *writer) release() { <-w.turn }

// retry calls begin until no other process is in its way. SQLite's own waiting is of no use
// here: it sleeps so long between its tries that a process that commits all the time would
// starve the others.
func (w *writer) retry(ctx context.Context, begin func() error) error {
	const longest = 2 * time.Millisecond
	deadline := time.Now().Add(w.busy)
	for delay := 50 * time.Microsecond; ; delay = min(2*delay, longest) {
		err := begin()
		if !isBusy(err) || time.Now().After(deadline) {
			return err
		}
		select {
		case <-time.After(delay/2 + rand.N(delay)):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// begin takes the database's write lock with the writer's own statements. No caller's context
// ends what many share.
func (w *writer) begin() error {
	return w.retry(context.Background(), func() error { return w.stmt.do("BEGIN IMMEDIATE") })
}

func (w *writer) commit() error { return w.stmt.do("COMMIT") }

// rollback ends the transaction, if SQLite has not done so already.
func (w *writer) rollback() { _ = w.stmt.do("ROLLBACK") }
