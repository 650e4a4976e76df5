package postgres

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// wake tells those who wait that there is more to read, in this process and in others. It tells in
// this process only until it is started. It knows nothing of the store, so that one which nobody
// closes can be noticed.
type wake struct {
	channel string // where processes tell each other
	log     *slog.Logger

	mu      sync.Mutex
	ch      chan struct{} // nil until somebody waits
	stopped bool

	notify chan struct{} // holds one token if others are to be told
	cancel context.CancelFunc
	work   sync.WaitGroup
}

// raise tells of an append of this process.
func (w *wake) raise() {
	w.tell()
	select {
	case w.notify <- struct{}{}:
	default: // is about to be told, or nobody is to be
	}
}

func (w *wake) tell() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ch != nil {
		close(w.ch)
		w.ch = nil
	}
}

func (w *wake) stop() {
	w.mu.Lock()
	w.stopped = true
	w.mu.Unlock()
	if w.cancel != nil {
		w.cancel()
	}
	w.tell()
	w.work.Wait()
}

// Appended implements [eventstore.Notifier]. Appends of this process are told at once, those of
// other processes within some milliseconds. While the connection for that is lost they are not;
// subscriptions poll besides.
func (s *Store) Appended() <-chan struct{} {
	w := s.wake
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ch == nil {
		w.ch = make(chan struct{})
	}
	ch := w.ch
	if w.stopped {
		close(ch)
		w.ch = nil
	}
	return ch
}

const (
	// notifyInterval is how long processes are not told again: a NOTIFY takes a lock that all of
	// a database share.
	notifyInterval = 5 * time.Millisecond

	reconnectInterval = time.Second
)

// start begins to listen to other processes, and to tell them. It returns when it listens,
// so that nothing is missed from then on; if it can't, it tries again for as long as it runs.
func (w *wake) start(ctx context.Context, config *pgx.ConnConfig) {
	soon, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conn, err := w.listen(soon, config)
	if err != nil {
		w.log.Error("listen to other processes", "error", failed("listen", err))
	}
	w.notify = make(chan struct{}, 1)
	ctx, w.cancel = context.WithCancel(context.Background())
	self := make(chan uint32, 1) // the process id of the connection that tells
	w.work.Go(func() { w.hear(ctx, config, conn, self) })
	w.work.Go(func() { w.tellOthers(ctx, config, self) })
}

func (w *wake) listen(ctx context.Context, config *pgx.ConnConfig) (*pgx.Conn, error) {
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	if _, err = conn.Exec(ctx, "LISTEN "+w.channel); err != nil {
		closeConn(conn)
		return nil, err
	}
	return conn, nil
}

func closeConn(conn *pgx.Conn) {
	if conn != nil {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		_ = conn.Close(ctx)
	}
}

// hear tells of what other processes append until ctx is done. What it tells itself it leaves out.
func (w *wake) hear(ctx context.Context, config *pgx.ConnConfig, conn *pgx.Conn, self <-chan uint32) {
	var own uint32
	for {
		for conn != nil {
			note, err := conn.WaitForNotification(ctx)
			if err != nil {
				closeConn(conn)
				conn = nil
				if ctx.Err() == nil {
					w.log.Error("listen to other processes", "error", failed("listen", err))
				}
				break
			}
			select {
			case own = <-self: // is sent before the first note
			default:
			}
			if note.PID != own {
				w.tell()
			}
		}
		if !rest(ctx, reconnectInterval) {
			return
		}
		var err error
		if conn, err = w.listen(ctx, config); err == nil {
			w.tell() // of what may have been missed
		}
	}
}

// tellOthers tells other processes of appends until ctx is done: once for many, with nothing in
// it, and never in a transaction that appends, because NOTIFY has commits wait for each other.
func (w *wake) tellOthers(ctx context.Context, config *pgx.ConnConfig, self chan uint32) {
	var conn *pgx.Conn
	defer func() { closeConn(conn) }()
	down := false // and the log was told
	for {
		select {
		case <-w.notify:
		case <-ctx.Done():
			return
		}
		var err error
		if conn == nil {
			if conn, err = pgx.ConnectConfig(ctx, config); err == nil {
				select {
				case <-self:
				default:
				}
				self <- conn.PgConn().PID()
			}
		}
		if err == nil {
			_, err = conn.Exec(ctx, "NOTIFY "+w.channel)
		}
		pause := notifyInterval
		if err == nil {
			down = false
		} else if ctx.Err() == nil {
			if !down {
				w.log.Error("tell other processes; tried again each second", "error", failed("notify", err))
			}
			down = true
			closeConn(conn)
			conn, pause = nil, reconnectInterval
			w.again()
		}
		if !rest(ctx, pause) {
			return
		}
	}
}

// again has others told once more.
func (w *wake) again() {
	select {
	case w.notify <- struct{}{}:
	default:
	}
}

// rest reports whether ctx lasted as long.
func rest(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
