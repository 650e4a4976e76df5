package tape

import (
	"encoding/json"
	"errors"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/stores/sqlite"
)

// Line is what a program says about its work, as one line of JSON. One field is set.
type Line struct {
	Ack     *Ack     `json:"ack,omitempty"`
	Refused *Refused `json:"refused,omitempty"`
	Seen    *Seen    `json:"seen,omitempty"`
	Holding bool     `json:"holding,omitempty"` // the write lock
	End     *End     `json:"end,omitempty"`
}

// Ack is a transaction that the store acknowledged.
type Ack struct {
	Writer    int             `json:"writer"`
	Index     int             `json:"index"`
	Versions  []event.Version `json:"versions"` // of the last event of each part
	Position  event.Position  `json:"position"` // of the last event of the last part
	Replayed  bool            `json:"replayed,omitempty"`
	Conflicts int             `json:"conflicts,omitempty"` // tries that met one before
}

// Refused is a transaction that the store did not take, for another reason than a conflict that
// reading again heals.
type Refused struct {
	Writer int    `json:"writer"`
	Index  int    `json:"index"`
	Kind   string `json:"kind"`
	Text   string `json:"text"`
}

// Seen is an event of the feed.
type Seen struct {
	ID       event.ID       `json:"id"`
	Position event.Position `json:"position"`
	Stream   string         `json:"stream"`
	Version  event.Version  `json:"version"`
}

// See returns what rec looks like in a Line.
func See(rec event.Record) Seen {
	return Seen{ID: rec.ID, Position: rec.Position, Stream: rec.Stream.String(), Version: rec.Version}
}

// End is the last line of a program that has done its work.
type End struct {
	Wakeups int `json:"wakeups"` // how often it was told that there is more, without asking
	Seen    int `json:"seen"`
	Acks    int `json:"acks"`
}

// Parse reads the lines that a program printed.
func Parse(lines []string) ([]Line, error) {
	parsed := make([]Line, len(lines))
	for i, text := range lines {
		if err := json.Unmarshal([]byte(text), &parsed[i]); err != nil {
			return nil, err
		}
	}
	return parsed, nil
}

// kinds are the names of refusals.
var kinds = []struct {
	name string
	is   error
}{
	{"busy", eventstore.ErrBusy},
	{"closed", eventstore.ErrStoreClosed},
	{"full", sqlite.ErrFull},
	{"read-only", sqlite.ErrReadOnly},
	{"can't open", sqlite.ErrCantOpen},
	{"corrupt", sqlite.ErrCorrupt},
	{"io", sqlite.ErrIO},
	{"conflict", eventstore.ErrConflict},
	{"duplicate", eventstore.ErrDuplicateEvent},
}

// Kind names what is wrong. An error that has no name is not one that a store may return.
func Kind(err error) string {
	for _, k := range kinds {
		if errors.Is(err, k.is) {
			return k.name
		}
	}
	return "untyped"
}

// Answer is what one operation came to, for a client of the appender that serves.
type Answer struct {
	Kind    string        `json:"kind,omitempty"` // what is wrong, nothing if it worked
	Version event.Version `json:"version"`        // of the stream, as far as is known
	IDs     []event.ID    `json:"ids,omitempty"`  // of a read
}
