package readmodel

import (
	"context"
	"errors"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/subscription"
	"github.com/eventsource-go/eventsource/stores/bunstore"
)

// shared is a sink that several processes run on one database, each of which takes what the
// others did for done. Without it, one that finds the checkpoint moved would begin anew after a
// delay that grows each time, be behind meanwhile, and be slow to go on when the others have ended.
// It is for one goroutine, as every sink.
type shared struct {
	subscription.Sink
	done event.Cursor // up to here everything was taken, by whom ever
}

func (s *shared) Resume(ctx context.Context) (event.Cursor, error) {
	cur, err := s.Sink.Resume(ctx)
	if err == nil {
		s.done = cur
	}
	return cur, err
}

func (s *shared) Take(ctx context.Context, recs []event.Record, next event.Cursor) error {
	for {
		rest, over, err := s.left(recs, next)
		if over || err != nil {
			return err
		}
		if err = s.Sink.Take(ctx, rest, next); !errors.Is(err, bunstore.ErrMoved) {
			if err == nil {
				s.done = next
			}
			return err
		}
		cur, again := s.Sink.Resume(ctx)
		if again != nil {
			return errors.Join(err, again)
		}
		// Only who went on from where we were did what we would have done: it was not set back,
		// and there is no other event where we were.
		if order, again := cur.Position.Compare(s.done.Position); again != nil || order <= 0 {
			return errors.Join(err, again)
		}
		s.done = cur
	}
}

// left returns those of recs that were not taken yet; it is over if there is nothing up to next.
// The error matches [bunstore.ErrMoved] if it is another event that was taken.
func (s *shared) left(recs []event.Record, next event.Cursor) (rest []event.Record, over bool, err error) {
	for i, rec := range recs {
		switch order, err := rec.Position.Compare(s.done.Position); {
		case err != nil:
			return nil, false, err
		case order == 0 && s.done.Event != event.ID{} && s.done.Event != rec.ID:
			return nil, false, bunstore.ErrMoved
		case order > 0:
			return recs[i:], false, nil
		}
	}
	order, err := next.Position.Compare(s.done.Position)
	return nil, order <= 0, err
}
