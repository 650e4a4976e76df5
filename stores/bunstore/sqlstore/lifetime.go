// Package sqlstore holds what the stores on SQL databases have in common. It is for who writes
// such a store; applications have no use for it.
package sqlstore

import (
	"sync"

	"github.com/eventsource-go/eventsource/core/eventstore"
)

// Lifetime counts what is under way in a store, so that its Close can wait for it. The zero value
// has begun. It is safe for concurrent use.
type Lifetime struct {
	mu    sync.Mutex
	n     int
	ended bool
	idle  chan struct{} // closed when ended and nothing is under way; nil before the end and after
}

// Enter begins something, which ends with [Lifetime.Leave]. After the end it is refused with
// [eventstore.ErrStoreClosed], unless a transaction that is under way does it.
func (l *Lifetime) Enter(insideTx bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended && (!insideTx || l.n == 0) {
		return eventstore.ErrStoreClosed
	}
	l.n++
	return nil
}

// Leave ends what [Lifetime.Enter] began.
func (l *Lifetime) Leave() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.n--; l.n == 0 && l.idle != nil {
		close(l.idle)
		l.idle = nil
	}
}

// End lets nobody enter any more, and returns when all have left. Only the first call is true;
// the others return at once.
func (l *Lifetime) End() bool {
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
