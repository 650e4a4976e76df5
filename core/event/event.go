// Package event defines what an event is: its identity, the stream it belongs to, its place in a
// store, why it happened, and the registry that gives each Go type its name on the wire.
//
// Domain code needs none of it: events are plain Go types. A [Registry] introduces them.
package event

import (
	"crypto/rand"
	"encoding/binary"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// ID identifies one event, or one store, everywhere and for ever.
type ID = uuid.UUID

// NewID returns a new ID, a UUID of version 7 (RFC 9562): IDs made later sort later, which
// keeps the index on them dense. Of one process no two have the same time in them.
func NewID() ID {
	var id ID
	_, _ = rand.Read(id[:])        // it never fails
	stamp := nextStamp(time.Now()) //nolint:forbidigo // an id says when it was made, and has no Config
	binary.BigEndian.PutUint64(id[:8], stamp>>12<<16|7<<12|stamp&0xfff)
	id[8] = id[8]&0x3f | 0x80
	return id
}

// lastStamp is the time in the last ID: milliseconds, and 12 bits of what is beyond.
var lastStamp atomic.Uint64

// nextStamp returns the time of an ID made now, moved on if the last one has it or a later one.
func nextStamp(now time.Time) uint64 {
	ms, ns := uint64(now.UnixMilli()), uint64(now.Nanosecond())%1_000_000
	for {
		last := lastStamp.Load()
		if stamp := max(ms<<12|ns>>8, last+1); lastStamp.CompareAndSwap(last, stamp) {
			return stamp
		}
	}
}

// Version counts the events of one stream from 1. Version 0 is a stream that does not exist.
type Version uint64

// Header is everything about a stored event except what happened.
type Header struct {
	ID       ID
	Stream   StreamID
	Version  Version
	Position Position  // zero until the store has given one
	Type     string    // the name on the wire
	Schema   int       // version of the payload's form, from 1
	Occurred time.Time // by the clock of who decided; UTC, microseconds
	Recorded time.Time // by the store's clock; UTC, microseconds; says nothing about order
	Metadata Metadata
}

// Draft is an event as a caller gives it to a store.
type Draft struct {
	ID       ID
	Type     string
	Schema   int
	Occurred time.Time // rounded down to microseconds, in UTC; zero is when the store records it
	Metadata Metadata
	Data     []byte // JSON
}

// Record is an event as a store returns it. It belongs to whoever receives it.
type Record struct {
	Header
	Data []byte
}

// Size returns how many bytes the payload and the metadata have, which is what limits count.
func (d Draft) Size() int { return len(d.Data) + d.Metadata.size() }

// Size returns how many bytes the payload and the metadata have, which is what limits count.
func (rec Record) Size() int { return len(rec.Data) + rec.Metadata.size() }

// Envelope is an event as the domain sees it. Its header is as stored:
// Type and Schema are those of the payload before aliases and upcasters.
type Envelope[E any] struct {
	Header
	Event E
}

// Cursor is a place in a feed that can be checked: a position, and the event that stands there.
// Without an Event it is taken unchecked. The zero Cursor is before the first event.
type Cursor struct {
	Position Position
	Event    ID
}

// Instant returns t as stores keep it: in UTC, rounded down to microseconds.
func Instant(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
