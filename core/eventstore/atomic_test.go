package eventstore_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/memstore"
)

// refusing is a store whose appends fail.
type refusing struct {
	eventstore.Store
	err   error
	calls int
}

func (r *refusing) Append(context.Context, ...eventstore.Append) ([]eventstore.AppendResult, error) {
	r.calls++
	return nil, r.err
}

func opened() event.Draft {
	return event.Draft{ID: event.NewID(), Type: "account.opened", Schema: 1, Data: []byte(`{}`)}
}

func open(ctx context.Context, tx eventstore.Streams) error {
	_, err := tx.Append(ctx, eventstore.Append{Stream: account, Events: []event.Draft{opened()}})
	return err
}

func TestAtomicTriesAgain(t *testing.T) {
	for err, calls := range map[error]int{
		eventstore.ErrConflict:                           6,
		&eventstore.ConflictError{Stream: account}:       6,
		&eventstore.DuplicateEventError{Stream: account}: 2, // fn had its chance to find it
		eventstore.ErrStreamClosed:                       1,
		eventstore.ErrBusy:                               1,
		errors.New("boom"):                               1,
	} {
		synctest.Test(t, func(t *testing.T) {
			s, runs := &refusing{Store: memstore.New(), err: err}, 0
			pos, got := eventstore.Atomic(t.Context(), s, func(ctx context.Context, tx eventstore.Streams) error {
				runs++
				return open(ctx, tx)
			})
			if !errors.Is(got, err) || !pos.IsZero() || s.calls != calls || runs != calls {
				t.Errorf("%v: %d runs, %d appends, want %d: %v", err, runs, s.calls, calls, got)
			}
		})
	}
}

// TestAtomicFindsWhatIsTaken: each id that somebody else stored meanwhile is worth one more run.
func TestAtomicFindsWhatIsTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, drafts := memstore.New(), []event.Draft{opened(), opened(), opened()}
		elsewhere := event.StreamID{Category: "account", ID: "elsewhere"}
		runs := 0
		_, err := eventstore.Atomic(t.Context(), s, func(ctx context.Context, tx eventstore.Streams) error {
			var missing []event.Draft
			for _, d := range drafts {
				if found, err := tx.Lookup(ctx, d.ID); err != nil {
					return err
				} else if len(found) == 0 {
					missing = append(missing, d)
				}
			}
			if runs++; runs < 3 { // somebody else is faster
				_, err := s.Append(ctx, eventstore.Append{Stream: elsewhere, Expect: eventstore.Any, Events: missing[:1]})
				if err != nil {
					return err
				}
			}
			_, err := tx.Append(ctx, eventstore.Append{Stream: account, Events: missing})
			return err
		})
		recs, _ := eventstore.Collect(s.Read(t.Context(), account, eventstore.ReadQuery{}))
		if err != nil || runs != 3 || len(recs) != 1 || recs[0].ID != drafts[2].ID {
			t.Errorf("%d runs, %d events: %v", runs, len(recs), err)
		}
	})
}

// TestAtomicEndsWithItsContext: who is canceled while it waits to try again is told so.
func TestAtomicEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reason := errors.New("shutting down")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Millisecond, reason) // less than the first wait
		defer cancel()
		s := &refusing{Store: memstore.New(), err: eventstore.ErrConflict}
		pos, err := eventstore.Atomic(ctx, s, open)
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, reason) || !pos.IsZero() || s.calls != 1 {
			t.Errorf("%d appends: %v", s.calls, err)
		}
	})
}

// TestAtomicTakesWhatOneAppendTakes: limits are the store's, and judged at the end.
func TestAtomicTakesWhatOneAppendTakes(t *testing.T) {
	s := memstore.NewWith(memstore.Config{Policy: eventstore.Policy{MaxAppendEvents: 2}})
	for n, want := range map[int]error{2: nil, 3: eventstore.ErrInvalidAppend} {
		_, err := eventstore.Atomic(t.Context(), s, func(ctx context.Context, tx eventstore.Streams) error {
			for range n {
				if _, err := tx.Append(ctx, eventstore.Append{Stream: account, Expect: eventstore.Any, Events: []event.Draft{opened()}}); err != nil {
					t.Errorf("append inside: %v", err)
				}
			}
			return nil
		})
		if !errors.Is(err, want) {
			t.Errorf("%d events: %v, want %v", n, err, want)
		}
	}
}

// TestAtomicEnds: what was handed out is of no use afterwards.
func TestAtomicEnds(t *testing.T) {
	var kept eventstore.Streams
	if _, err := eventstore.Atomic(t.Context(), memstore.New(), func(_ context.Context, tx eventstore.Streams) error {
		kept = tx
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	_, look := kept.Lookup(t.Context(), event.NewID())
	_, read := eventstore.Collect(kept.Read(t.Context(), account, eventstore.ReadQuery{}))
	for what, err := range map[string]error{"append": open(t.Context(), kept), "look-up": look, "read": read} {
		if err == nil {
			t.Errorf("%s after the end of Atomic", what)
		}
	}
}
