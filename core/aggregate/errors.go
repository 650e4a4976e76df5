package aggregate

import (
	"errors"
	"fmt"

	"github.com/eventsource-go/eventsource/core/event"
)

// ErrRejected is matched by every [RejectedError].
var ErrRejected = errors.New("command rejected")

// RejectedError reports that the domain refused a command. It wraps the reason.
type RejectedError struct {
	Stream event.StreamID
	Reason error
}

func (e *RejectedError) Error() string { return fmt.Sprintf("%s: %v", e.Stream, e.Reason) }

// Unwrap returns the domain's reason.
func (e *RejectedError) Unwrap() error { return e.Reason }

// Is matches [ErrRejected].
func (e *RejectedError) Is(target error) bool { return target == ErrRejected }

var (
	// ErrExists is matched by an [ExistenceError] of an aggregate that should be new.
	ErrExists = errors.New("aggregate exists")
	// ErrNotFound is matched by an [ExistenceError] of an aggregate that should exist.
	ErrNotFound = errors.New("aggregate not found")
)

// ExistenceError reports that [ExpectNew] or [ExpectExisting] did not hold.
type ExistenceError struct {
	Stream  event.StreamID
	Version event.Version // 0 if it does not exist
}

func (e *ExistenceError) Error() string {
	if e.Version == 0 {
		return fmt.Sprintf("%v: %s", ErrNotFound, e.Stream)
	}
	return fmt.Sprintf("%v: %s, at version %d", ErrExists, e.Stream, e.Version)
}

// Is matches [ErrExists] or [ErrNotFound].
func (e *ExistenceError) Is(target error) bool {
	return target == ErrExists && e.Version > 0 || target == ErrNotFound && e.Version == 0
}
