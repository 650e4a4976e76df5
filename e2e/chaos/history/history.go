// Package history is what clients of a store did and were told, and what must be true of that when
// everything is over. Each check is a function of what was recorded and of what is stored, and is
// tested on histories that are wrong.
package history

import (
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// Outcome is what the caller knows of a call.
type Outcome int

const (
	Acknowledged Outcome = iota // it is stored, where Results say
	Refused                     // nothing is stored
	Unknown                     // all of it is stored, or nothing
)

func (o Outcome) String() string { return [...]string{"acknowledged", "refused", "unknown"}[o] }

// Op is something that a writer wants stored. It may take several calls.
type Op struct {
	Writer, Index int
	Tenant        string
	Appends       []eventstore.Append // with what each expects at the time of the call
}

func (op Op) String() string { return fmt.Sprintf("writer %d, op %d", op.Writer, op.Index) }

// IDs returns those of all events.
func (op Op) IDs() []event.ID {
	var ids []event.ID
	for _, a := range op.Appends {
		for _, d := range a.Events {
			ids = append(ids, d.ID)
		}
	}
	return ids
}

// Call is one call of a store that appends. Times are since the beginning of the history.
type Call struct {
	Op
	Line         int // which connection to the server it used
	InTx         bool
	RolledBack   bool // by the caller, so whoever is told that it is stored is told wrong
	Began, Ended time.Duration
	Outcome      Outcome
	Results      []eventstore.AppendResult // if it is acknowledged
	Refusal      string                    // what kind of error refused it
	Conflict     *eventstore.ConflictError
	Left         bool // the caller's context had ended
}

func (c Call) String() string {
	how := "Append"
	if c.InTx {
		how = "InTx"
	}
	return fmt.Sprintf("%v (%s to %d streams, %.3fs to %.3fs)", c.Op, how, len(c.Appends), c.Began.Seconds(), c.Ended.Seconds())
}

// replayed reports whether the call was told that its events had been stored before.
func (c Call) replayed() bool {
	return slices.ContainsFunc(c.Results, func(r eventstore.AppendResult) bool { return r.Replayed })
}

// Read is one look at the end of a stream.
type Read struct {
	Client       int
	Tenant       string
	Stream       event.StreamID
	Began, Ended time.Duration
	Version      event.Version // of the last event
	Last         event.ID
	Torn         string // what is wrong with it in itself
}

// Reader is what somebody was shown who followed the feed.
type Reader struct {
	Name   string
	Types  []string // that it asked for; none is all
	Tenant string   // that it asked for; empty is all
	Seen   []Sight
}

// Sight is what remains of a record that somebody was shown.
type Sight struct {
	ID       event.ID
	Position event.Position
	sum      uint64
}

// Saw returns what remains of rec.
func Saw(rec event.Record) Sight {
	h := fnv.New64a()
	fmt.Fprintf(h, "%q %v %d %q %d %s", rec.Metadata.Tenant, rec.Stream, rec.Version, rec.Type, rec.Schema, rec.Data)
	return Sight{rec.ID, rec.Position, h.Sum64()}
}

// Outage is a time in which something was done to a line, or to the server.
type Outage struct {
	Line         int // -1 is all
	Began, Ended time.Duration
}

// Log is all that a store holds, in the order of the feed.
type Log struct {
	Records []event.Record
	byID    map[event.ID]int
}

// NewLog returns the log of these records.
func NewLog(records []event.Record) *Log {
	l := &Log{Records: records, byID: make(map[event.ID]int, len(records))}
	for i, rec := range records {
		if _, ok := l.byID[rec.ID]; !ok {
			l.byID[rec.ID] = i
		}
	}
	return l
}

// Find returns the event of an id.
func (l *Log) Find(id event.ID) (event.Record, bool) {
	i, ok := l.byID[id]
	if !ok {
		return event.Record{}, false
	}
	return l.Records[i], true
}

// stored counts the events of op that are there.
func (l *Log) stored(op Op) (there, all int) {
	for _, id := range op.IDs() {
		all++
		if _, ok := l.byID[id]; ok {
			there++
		}
	}
	return there, all
}

// before reports whether a stands before b.
func before(a, b event.Position) bool {
	order, err := a.Compare(b)
	return err == nil && order < 0
}

// problems collects what is wrong, but not more of it than anybody reads.
type problems struct {
	errs []error
	more int
}

func (p *problems) addf(format string, args ...any) {
	if len(p.errs) < 10 {
		p.errs = append(p.errs, fmt.Errorf(format, args...))
	} else {
		p.more++
	}
}

func (p *problems) err() error {
	if p.more > 0 {
		return errors.Join(append(p.errs, fmt.Errorf("and %d more", p.more))...)
	}
	return errors.Join(p.errs...)
}
