// Package checkpoint remembers how far a subscription got.
package checkpoint

import (
	"context"
	"errors"

	"github.com/eventsource-go/eventsource/core/event"
)

// Store keeps one cursor for each name. Load of an unknown name returns the zero Cursor.
// Save never goes back: it returns [ErrBehind] and changes nothing.
type Store interface {
	Load(ctx context.Context, name string) (event.Cursor, error)
	Save(ctx context.Context, name string, cur event.Cursor) error
}

// ErrBehind reports a save that would have moved a checkpoint back.
var ErrBehind = errors.New("checkpoint is ahead")
