package eventstore_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// TestErrors pins what each typed error says, and that it is its own case and no other.
func TestErrors(t *testing.T) {
	id := event.ID{15: 1}
	pos := event.NewPosition(event.ID{15: 2}, 9)
	sentinels := []error{
		eventstore.ErrConflict, eventstore.ErrStreamClosed, eventstore.ErrDuplicateEvent, eventstore.ErrInvalidAppend, eventstore.ErrInvalidQuery,
		eventstore.ErrDiverged, eventstore.ErrForeignPosition, eventstore.ErrTenant, eventstore.ErrBusy, eventstore.ErrStoreClosed,
	}
	for _, c := range []struct {
		err  error
		is   error
		text string
	}{
		{&eventstore.ConflictError{Stream: account, Expected: eventstore.Exactly(3), Actual: 5}, eventstore.ErrConflict, "append to account-42: expected version 3, found version 5"},
		{&eventstore.ConflictError{Stream: account, Expected: eventstore.StreamExists}, eventstore.ErrConflict, "append to account-42: expected a stream, found no stream"},
		{&eventstore.StreamClosedError{Stream: account, Version: 5}, eventstore.ErrStreamClosed, "append to account-42: closed at version 5"},
		{&eventstore.DuplicateEventError{ID: id, Stream: account}, eventstore.ErrDuplicateEvent, "event id 00000000-0000-0000-0000-000000000001 is taken in account-42"},
		{&eventstore.DuplicateEventError{ID: id}, eventstore.ErrDuplicateEvent, "event id 00000000-0000-0000-0000-000000000001 is taken"},
		{&eventstore.InvalidAppendError{Event: -1, Reason: "nothing to append"}, eventstore.ErrInvalidAppend, "invalid append: nothing to append"},
		{&eventstore.InvalidAppendError{Stream: account, Event: -1, Reason: "no events"}, eventstore.ErrInvalidAppend, "invalid append to account-42: no events"},
		{&eventstore.InvalidAppendError{Stream: account, Event: 2, Reason: "no id"}, eventstore.ErrInvalidAppend, "invalid append to account-42: event 2: no id"},
		{&eventstore.InvalidAppendError{Stream: event.StreamID{ID: "\n"}, Event: -1, Reason: "bad"}, eventstore.ErrInvalidAppend, "invalid append: bad"},
		{
			&eventstore.DivergedError{Cursor: event.Cursor{Position: pos, Event: id}, Found: event.ID{15: 3}}, eventstore.ErrDiverged,
			"feed has diverged: event 00000000-0000-0000-0000-000000000003 at 00000000-0000-0000-0000-000000000002.9, expected 00000000-0000-0000-0000-000000000001",
		},
	} {
		if c.err.Error() != c.text {
			t.Errorf("says %q, want %q", c.err, c.text)
		}
		for _, sentinel := range sentinels {
			if errors.Is(fmt.Errorf("wrapped: %w", c.err), sentinel) != (sentinel == c.is) {
				t.Errorf("%q is %v: %v", c.err, sentinel, sentinel != c.is)
			}
		}
	}
}
