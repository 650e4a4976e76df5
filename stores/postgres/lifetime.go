package postgres

import (
	"sync"

	"github.com/eventsource-go/eventsource/core/eventstore"
)

// lifetime counts what is under way, so that the end can wait for it. The zero value has begun.
type lifetime struct {
	mu    sync.Mutex
	n     int
	ended bool
	idle  chan struct{} // closed when ended and nothing is under way; nil before the end and after
}

// enter returns an error after the end, except to what a transaction under way does.
func (l *lifetime) enter(insideTx bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended && (!insideTx || l.n == 0) {
		return eventstore.ErrStoreClosed
	}
	l.n++
	return nil
}

func (l *lifetime) leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.n--; l.n == 0 && l.idle != nil {
		close(l.idle)
		l.idle = nil
	}
}

// end lets nobody enter any more, and returns when all have left. Only the first call is true.
func (l *lifetime) end() bool {
	l.mu.Lock()
	if l.ended {
		l.mu.Unlock()
		return false
	}
	idle := make(chan struct{})
	if l.ended = true; l.n == 0 {
		close(idle)
	} else {
		l.idle = idle
	}
	l.mu.Unlock()
	<-idle
	return true
}
