// Package checkpoint remembers how far a subscription got.
//
// Package checkpointtest is the contract as a test suite.
package checkpoint

import (
	"context"
	"errors"

	"github.com/eventsource-go/eventsource/core/event"
)

// Store keeps one cursor for each name: a position and the event that stands there, so that a
// feed which is not the one it was made in can be told. It is safe for concurrent use.
type Store interface {
	// Load returns the cursor under name, the zero Cursor if there is none.
	Load(ctx context.Context, name string) (event.Cursor, error)

	// Save keeps cur under name. It never goes back.
	//
	// Errors: [ErrBehind], and [event.ErrForeignPosition] if the one under name is of another
	// store; then nothing is changed.
	Save(ctx context.Context, name string, cur event.Cursor) error
}

// ErrBehind reports a save that would have moved a checkpoint back. Somebody else is ahead.
var ErrBehind = errors.New("checkpoint is ahead")
