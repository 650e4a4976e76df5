// Package checkpoint remembers how far a subscription got.
//
// Package checkpointtest is the contract as a test suite.
package checkpoint

import (
	"context"
	"errors"
	"fmt"

	"github.com/eventsource-go/eventsource/core/event"
)

// Store keeps one cursor for each name: a position and the event that stands there, so that a
// feed which is not the one it was made in can be told. It is safe for concurrent use, also by
// several processes if it is not in memory. Tenants have nothing to do with it.
type Store interface {
	// Load returns the cursor under name, the zero Cursor if there is none.
	//
	// Errors: [ErrInvalidName], and the context's.
	Load(ctx context.Context, name string) (event.Cursor, error)

	// Save keeps cur under name. It never goes back; saving what is there is no error.
	//
	// Errors: [ErrBehind]; [event.ErrForeignPosition] if the one under name is of another
	// store; [ErrInvalidName]; and the context's. After any of them nothing is changed.
	Save(ctx context.Context, name string, cur event.Cursor) error
}

var (
	// ErrBehind reports a save that would have moved a checkpoint back. Somebody else is ahead.
	ErrBehind = errors.New("checkpoint is ahead")

	// ErrInvalidName reports a name that no store takes.
	ErrInvalidName = errors.New("invalid checkpoint name")
)

// ValidateName is for stores: it requires of name what [event.ValidateName] does. Otherwise the
// error matches [ErrInvalidName].
func ValidateName(name string) error {
	if err := event.ValidateName(name); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalidName, err)
	}
	return nil
}
