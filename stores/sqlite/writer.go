package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/uptrace/bun"
	driver "modernc.org/sqlite"
)

// writer is the one connection that writes. Whoever has the turn may use it.
type writer struct {
	bun  *bun.DB
	conn bun.Conn
	busy time.Duration
	turn chan struct{} // holds one token while somebody has the turn
	stmt prepared
	queue

	// held is set while a caller's function works in a transaction. Then nothing commits: not a
	// statement after SQLite has ended the transaction by itself, as it does when a write is
	// interrupted or the disk is full, and not the function. lost is set if the transaction was
	// rolled back meanwhile, by whomever: what is done since is no part of it.
	held, lost atomic.Bool
}

func newWriter(db *bun.DB, cfg Config) *writer {
	db.SetMaxOpenConns(1)
	return &writer{bun: db, busy: cfg.BusyTimeout, turn: make(chan struct{}, 1), queue: queue{limit: cfg.GroupLimit}}
}

// connect opens the connection, for which the pragmas of another process may have to wait.
func (w *writer) connect(ctx context.Context) error {
	err := w.retry(ctx, w.deadline(), func() (err error) {
		w.conn, err = w.bun.Conn(ctx)
		return err
	})
	if err != nil {
		return err
	}
	w.stmt = prepared{prepare: w.conn.PrepareContext, stmts: make(map[string]*sql.Stmt)}
	return w.conn.Raw(func(conn any) error {
		hooks := conn.(driver.HookRegisterer)
		hooks.RegisterCommitHook(func() int32 {
			if w.held.Load() {
				return 1 // rolls back
			}
			return 0
		})
		hooks.RegisterRollbackHook(func() {
			if w.held.Load() {
				w.lost.Store(true)
			}
		})
		return nil
	})
}

func (w *writer) close() error {
	if w.conn.Conn == nil {
		return w.bun.Close()
	}
	return errors.Join(w.stmt.close(), w.conn.Close(), w.bun.Close())
}

// deadline is until when somebody who comes now waits for others who write.
func (w *writer) deadline() time.Time { return time.Now().Add(w.busy) }

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
		return ctx.Err()
	}
}

func (w *writer) release() { <-w.turn }

// retry calls begin until no other process is in its way. SQLite's own waiting is of no use
// here: it sleeps so long between its tries that a process that commits all the time would
// starve the others.
func (w *writer) retry(ctx context.Context, deadline time.Time, begin func() error) error {
	const longest = 2 * time.Millisecond
	for delay := 50 * time.Microsecond; ; delay = min(2*delay, longest) {
		err := begin()
		if !isBusy(err) || time.Now().After(deadline) {
			return err
		}
		select {
		case <-time.After(delay/2 + rand.N(delay)):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// begin takes the database's write lock with the writer's own statements. Only the waiting for
// it ends with ctx.
func (w *writer) begin(ctx context.Context, deadline time.Time) error {
	return w.retry(ctx, deadline, func() error { return w.stmt.do("BEGIN IMMEDIATE") })
}

func (w *writer) commit() error { return w.stmt.do("COMMIT") }

// rollback ends the transaction, if SQLite has not done so already.
func (w *writer) rollback() { _ = w.stmt.do("ROLLBACK") }
