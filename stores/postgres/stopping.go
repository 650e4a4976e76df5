package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
)

// patience is how long a server that was told to stop has time to say what became of it.
const patience = 3 * time.Second

// stopping has the server stop what a connection waits for when its caller leaves, and say so:
// what became of the statement is known then. Unlike pgx's own handler it does not hang up on a
// request as soon as the statement has ended: PgBouncer 1.18 ends when somebody does (its issues
// 801 and 822). A connection whose request did not arrive in time is not used again, because the
// server could come to it during the next statement.
type stopping struct {
	conn *pgconn.PgConn
	done chan bool // whether the request arrived
}

func stop(conn *pgconn.PgConn) ctxwatch.Handler { return &stopping{conn: conn} }

// HandleCancel implements [ctxwatch.Handler].
func (h *stopping) HandleCancel(context.Context) {
	deadline := time.Now().Add(patience)
	_ = h.conn.Conn().SetDeadline(deadline)
	h.conn.CustomData()[warned] = nil
	done := make(chan bool, 1)
	h.done = done
	go func() {
		ctx, cancel := context.WithDeadline(context.Background(), deadline)
		defer cancel()
		err := h.conn.CancelRequest(ctx)
		arrived := err == nil && ctx.Err() == nil
		time.Sleep(settle)
		done <- arrived
	}()
}

// settle is how long the server takes to hand on a request that it has accepted, at most.
const settle = 100 * time.Millisecond

// HandleUnwatchAfterCancel implements [ctxwatch.Handler].
func (h *stopping) HandleUnwatchAfterCancel() {
	if <-h.done {
		_ = h.conn.Conn().SetDeadline(time.Time{})
	} else { // it may arrive yet, and would stop what comes next
		_ = h.conn.Conn().Close()
	}
}

// warned is where a connection keeps that the server warned since it was told to stop.
const warned = "es_warned"

// heed notes what a server says besides its answer.
func heed(conn *pgconn.PgConn, n *pgconn.Notice) {
	if n.SeverityUnlocalized == "WARNING" {
		conn.CustomData()[warned] = true
	}
}

// isShort reports whether a commit is not what its settings promise, although the server calls it
// one: whoever leaves while it waits for a standby gets it with a warning, and no standby may have
// it.
func isShort(ctx context.Context, conn *pgconn.PgConn) bool {
	return ctx.Err() != nil && conn.CustomData()[warned] != nil
}
