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

	// Save keeps cur under name. It never goes back, and a position keeps its event: saving what
	// is there is no error, saving another event at its position is. A cursor without an event
	// is taken for what it is not known to contradict, and an event that is kept stays.
	// [Move] is this rule.
	//
	// Errors: [ErrBehind]; [DivergedError]; [event.ErrForeignPosition] if the one under name is
	// of another store; [ErrInvalidName]; and the context's. After any of them nothing is changed.
	Save(ctx context.Context, name string, cur event.Cursor) error
}

var (
	// ErrBehind reports a save that would have moved a checkpoint back. Somebody else is ahead.
	ErrBehind = errors.New("checkpoint is ahead")

	// ErrDiverged is matched by every [DivergedError].
	ErrDiverged = errors.New("checkpoint is at another event")

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

// DivergedError reports a save at the position of the checkpoint, but with another event: two
// histories share the name, as after the restore of a backup or with a copy of the store.
type DivergedError struct {
	Name     string
	Position event.Position
	Kept     event.ID // the event under the name
	Refused  event.ID
}

func (e *DivergedError) Error() string {
	return fmt.Sprintf("%v: %q at %s has %s, not %s", ErrDiverged, e.Name, e.Position, e.Kept, e.Refused)
}

// Is matches [ErrDiverged].
func (e *DivergedError) Is(target error) bool { return target == ErrDiverged }

// Move is for stores: it returns what is under name after [Store].Save of cur where kept was, or
// the error that refuses it. A store calls it while nobody else can save under name.
func Move(name string, kept, cur event.Cursor) (event.Cursor, error) {
	order, err := cur.Position.Compare(kept.Position)
	switch {
	case err != nil:
		return kept, err
	case order < 0:
		return kept, ErrBehind
	case order > 0:
		return cur, nil
	case kept.Event == event.ID{}:
		return cur, nil
	case cur.Event != event.ID{} && cur.Event != kept.Event:
		return kept, &DivergedError{Name: name, Position: kept.Position, Kept: kept.Event, Refused: cur.Event}
	}
	return kept, nil
}
