package eventstore

import (
	"fmt"

	"github.com/eventsource-go/eventsource/core/event"
)

// Expectation is what an append requires of its stream. The zero value is [NoStream].
// Expectations are comparable; Exactly(0) is NoStream.
type Expectation struct {
	kind    expectationKind
	version event.Version
}

type expectationKind uint8

const (
	exactly expectationKind = iota
	exists
	whatever
)

var (
	// NoStream requires that nothing was ever appended.
	NoStream = Exactly(0)
	// StreamExists requires that something was.
	StreamExists = Expectation{kind: exists}
	// Any requires nothing.
	Any = Expectation{kind: whatever}
)

// Exactly requires that the stream is at version v.
func Exactly(v event.Version) Expectation { return Expectation{kind: exactly, version: v} }

// Version returns the one version that e accepts, if it is so strict.
func (e Expectation) Version() (v event.Version, ok bool) { return e.version, e.kind == exactly }

// Check is for stores: it returns a [ConflictError] if stream, being at version actual, is not as expected.
func (e Expectation) Check(stream event.StreamID, actual event.Version) error {
	if e.kind == exactly && actual != e.version || e.kind == exists && actual == 0 {
		return &ConflictError{Stream: stream, Expected: e, Actual: actual}
	}
	return nil
}

func (e Expectation) String() string {
	switch {
	case e.kind == whatever:
		return "anything"
	case e.kind == exists:
		return "a stream"
	case e.version == 0:
		return "no stream"
	}
	return fmt.Sprintf("version %d", e.version)
}
