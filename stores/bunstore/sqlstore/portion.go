package sqlstore

import (
	"sync/atomic"

	"github.com/eventsource-go/eventsource/core/eventstore"
)

// Portion is how many events a page asks for. A database sends what it was asked for also if the
// page is full before, so after a page of large events less is asked for, and more again when they
// are small. The zero value asks for all. It is safe for concurrent use.
type Portion struct {
	most atomic.Int64 // 0 is as many as the query wants
}

// Of returns how many events to ask for if limit are wanted.
func (p *Portion) Of(limit int) int {
	if most := p.most.Load(); most > 0 {
		return int(min(most, int64(limit)))
	}
	return limit
}

// Took learns from a page of n events, and so many bytes.
func (p *Portion) Took(n, bytes int) {
	switch most := p.most.Load(); {
	case bytes >= eventstore.MaxPageBytes:
		p.most.Store(int64(max(1, n)))
	case most > 0 && bytes < eventstore.MaxPageBytes/2 && int64(n) >= most:
		if most *= 4; most > int64(eventstore.MaxPageEvents) {
			most = 0
		}
		p.most.Store(most)
	}
}
