package eventstore

import (
	"errors"
	"fmt"

	"github.com/eventsource-go/eventsource/core/event"
)

// A sentinel says which case it is, the typed error of the same name, if there is one, with what.
var (
	ErrConflict        = errors.New("version conflict")
	ErrStreamClosed    = errors.New("stream is closed")
	ErrDuplicateEvent  = errors.New("duplicate event id")
	ErrInvalidAppend   = errors.New("invalid append")
	ErrInvalidQuery    = errors.New("invalid query")
	ErrDiverged        = errors.New("feed has diverged")
	ErrForeignPosition = event.ErrForeignPosition

	// ErrTenant reports a missing or bad tenant, or the data of another one asked for.
	ErrTenant = errors.New("tenant")

	// ErrBusy reports that the store could not be reached in time because others use it.
	// Nothing was stored; trying again later may help.
	ErrBusy = errors.New("store is busy")

	// ErrStoreClosed reports the use of a store after its Close. Nothing was stored.
	ErrStoreClosed = errors.New("store is closed")
)

// ConflictError reports an append whose stream was not as expected. Reading again may help.
type ConflictError struct {
	Stream   event.StreamID
	Expected Expectation
	Actual   event.Version
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("append to %s: expected %v, found %v", e.Stream, e.Expected, Exactly(e.Actual))
}

// Is matches [ErrConflict].
func (e *ConflictError) Is(target error) bool { return target == ErrConflict }

// StreamClosedError reports an append to a stream that has ended for good.
type StreamClosedError struct {
	Stream  event.StreamID
	Version event.Version // its last
}

func (e *StreamClosedError) Error() string {
	return fmt.Sprintf("append to %s: closed at version %d", e.Stream, e.Version)
}

// Is matches [ErrStreamClosed].
func (e *StreamClosedError) Is(target error) bool { return target == ErrStreamClosed }

// DuplicateEventError reports an event id that is taken by another event, or an append of
// which only a part is stored.
type DuplicateEventError struct {
	ID     event.ID
	Stream event.StreamID // where the id is taken; zero if it is not the tenant's to know
}

func (e *DuplicateEventError) Error() string {
	if e.Stream == (event.StreamID{}) {
		return fmt.Sprintf("event id %s is taken", e.ID)
	}
	return fmt.Sprintf("event id %s is taken in %s", e.ID, e.Stream)
}

// Is matches [ErrDuplicateEvent].
func (e *DuplicateEventError) Is(target error) bool { return target == ErrDuplicateEvent }

// InvalidAppendError reports an append that no store accepts.
type InvalidAppendError struct {
	Stream event.StreamID
	Event  int // index in the Append's Events; -1 if no event is to blame
	Reason string
}

func (e *InvalidAppendError) Error() string {
	switch {
	case e.Stream == (event.StreamID{}):
		return ErrInvalidAppend.Error() + ": " + e.Reason
	case e.Stream.Validate() != nil: // Reason says what is wrong with it
		return ErrInvalidAppend.Error() + ": " + e.Reason
	case e.Event < 0:
		return fmt.Sprintf("%v to %s: %s", ErrInvalidAppend, e.Stream, e.Reason)
	}
	return fmt.Sprintf("%v to %s: event %d: %s", ErrInvalidAppend, e.Stream, e.Event, e.Reason)
}

// Is matches [ErrInvalidAppend].
func (e *InvalidAppendError) Is(target error) bool { return target == ErrInvalidAppend }

// DivergedError reports a cursor whose event is not where it was: the store was restored,
// failed over or cloned. What follows is not a continuation of what was read before.
type DivergedError struct {
	Cursor event.Cursor
	Found  event.ID // zero if nothing is there
}

func (e *DivergedError) Error() string {
	return fmt.Sprintf("feed has diverged: event %s at %s, expected %s", e.Found, e.Cursor.Position, e.Cursor.Event)
}

// Is matches [ErrDiverged].
func (e *DivergedError) Is(target error) bool { return target == ErrDiverged }
