package sqlite

import (
	"context"
	"database/sql"
	"sync"
	"time"
)

// wake tells those who wait that there is more to read. The zero value is ready to use.
type wake struct {
	mu      sync.Mutex
	ch      chan struct{} // nil until somebody waits
	last    int64         // the highest position that was told
	cancel  context.CancelFunc
	stopped bool
	watcher sync.WaitGroup
}

// raise tells of events up to position n.
func (w *wake) raise(n int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if n > w.last {
		w.last = n
		w.tell()
	}
}

func (w *wake) tell() {
	if w.ch != nil {
		close(w.ch)
		w.ch = nil
	}
}

func (w *wake) stop() {
	w.mu.Lock()
	w.stopped = true
	if w.cancel != nil {
		w.cancel()
	}
	w.tell()
	w.mu.Unlock()
	w.watcher.Wait()
}

// Appended implements [eventstore.Notifier]. Appends of this process are told at once, those of
// other processes within about Config.WatchInterval.
func (s *Store) Appended() <-chan struct{} {
	w := &s.wake
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ch == nil {
		w.ch = make(chan struct{})
	}
	if w.cancel == nil && !w.stopped && s.cfg.WatchInterval > 0 {
		var ctx context.Context
		ctx, w.cancel = context.WithCancel(context.Background())
		w.watcher.Go(func() { s.watch(ctx) })
	}
	ch := w.ch
	if w.stopped {
		w.tell()
	}
	return ch
}

// watch looks for commits of other processes until ctx is done. It needs a connection of its
// own, because data_version says what changed for the connection that asks.
func (s *Store) watch(ctx context.Context) {
	tick := time.NewTicker(s.cfg.WatchInterval)
	defer tick.Stop()
	for {
		seen := int64(-1) // data_version counts for each connection
		conn, err := s.readers.own.Conn(ctx)
		for err == nil {
			if seen, err = s.look(conn, seen); err != nil {
				break
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				err = ctx.Err()
			}
		}
		if conn != nil {
			_ = conn.Close()
		}
		if ctx.Err() != nil {
			return
		}
		s.cfg.Log.Error("watch for commits of other processes", "path", s.path, "error", s.failed("watch", err))
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return
		}
	}
}

// look tells of what was committed since data_version was seen, and returns what it is now.
func (s *Store) look(conn *sql.Conn, seen int64) (int64, error) {
	ctx := context.Background() // the driver has a goroutine for each call under one that can end
	var now, head int64
	if err := conn.QueryRowContext(ctx, "PRAGMA data_version").Scan(&now); err != nil || now == seen {
		return seen, err
	}
	if err := conn.QueryRowContext(ctx, "SELECT coalesce(max(position), 0) FROM es_events").Scan(&head); err != nil {
		return seen, err
	}
	s.wake.raise(head)
	return now, nil
}
