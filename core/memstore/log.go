package memstore

import "github.com/eventsource-go/eventsource/core/event"

// blockRecords is how many records are allocated at once.
const blockRecords = 64

// log is all events, in blocks, so that it grows without being copied. A copy of it shows what
// was in it then, however it has grown since.
type log struct {
	blocks []*[blockRecords]event.Record
	n      int
}

// len returns how many records there are: the one at i is at position i+1.
func (l log) len() int { return l.n }

// at returns a record, which nobody may change.
func (l log) at(i int) *event.Record { return &l.blocks[i/blockRecords][i%blockRecords] }

// next returns the record to be filled, which is in the log from then on.
func (l *log) next() *event.Record {
	if l.n%blockRecords == 0 {
		l.blocks = append(l.blocks, new([blockRecords]event.Record))
	}
	l.n++
	return l.at(l.n - 1)
}
