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
// what became of the statement is known then. Unlike pgx's own handler it never hangs up on a
// request that has begun: the server could come to it late, during the connection's next
// statement, and PgBouncer 1.18 ends when somebody does (its issues 801 and 822).
type stopping struct {
	conn *pgconn.PgConn
	done chan struct{}
}

func stop(conn *pgconn.PgConn) ctxwatch.Handler { return &stopping{conn: conn} }

// HandleCancel implements [ctxwatch.Handler].
func (h *stopping) HandleCancel(context.Context) {
	deadline := time.Now().Add(patience)
	_ = h.conn.Conn().SetDeadline(deadline)
	done := make(chan struct{})
	h.done = done
	go func() {
		defer close(done)
		ctx, cancel := context.WithDeadline(context.Background(), deadline)
		defer cancel()
		_ = h.conn.CancelRequest(ctx)
		time.Sleep(settle)
	}()
}

// settle is how long the server takes to hand on a request that it has accepted, at most.
const settle = 100 * time.Millisecond

// HandleUnwatchAfterCancel implements [ctxwatch.Handler].
func (h *stopping) HandleUnwatchAfterCancel() {
	<-h.done
	_ = h.conn.Conn().SetDeadline(time.Time{})
}
