// Package live tells whoever watches which accounts changed, as it happens: pages that follow
// along are fed from here.
package live

import (
	"context"
	"sync"

	"github.com/eventsource-go/eventsource/core/event"
)

// Change says that an account is at a new version. What the read models show by then may be
// older: their Waiter's Await of Position makes sure that it is not.
//
// A Change without an account says that more happened than could be told one by one.
type Change struct {
	Account  string
	Version  event.Version
	Position event.Position
}

// pending is how many changes wait for a slow receiver before they become one.
const pending = 32

// Broadcaster passes changes on to everybody who listens. It never waits for a receiver.
// The zero value is ready to use, and safe for concurrent use.
type Broadcaster struct {
	mu        sync.Mutex
	receivers map[chan Change]struct{}
	closed    bool
}

// Changes returns a channel of what happens from now on, which is closed when ctx is done or
// the Broadcaster is closed. For a receiver that is too slow the changes that wait become one,
// without an account: it misses none of them without being told.
func (b *Broadcaster) Changes(ctx context.Context) <-chan Change {
	ch := make(chan Change, pending)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		close(ch)
		return ch
	}
	if b.receivers == nil {
		b.receivers = make(map[chan Change]struct{})
	}
	b.receivers[ch] = struct{}{}
	context.AfterFunc(ctx, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.end(ch)
	})
	return ch
}

// Publish passes changes on.
func (b *Broadcaster) Publish(changes ...Change) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for ch := range b.receivers {
		for _, c := range changes {
			offer(ch, c)
		}
	}
}

// offer sends c, or, if there is no room, takes back what waits and sends that something
// happened. Nobody else sends, so then there is room.
func offer(ch chan Change, c Change) {
	select {
	case ch <- c:
		return
	default:
	}
	for drained := false; !drained; {
		select {
		case <-ch:
		default:
			drained = true
		}
	}
	ch <- Change{Position: c.Position}
}

// Receivers returns how many listen.
func (b *Broadcaster) Receivers() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.receivers)
}

// Close closes the channels of all who listen, now and later: what they stream comes to its end.
func (b *Broadcaster) Close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	for ch := range b.receivers {
		b.end(ch)
	}
}

func (b *Broadcaster) end(ch chan Change) {
	if _, ok := b.receivers[ch]; ok {
		delete(b.receivers, ch)
		close(ch)
	}
}
