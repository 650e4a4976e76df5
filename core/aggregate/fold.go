package aggregate

import (
	"context"
	"fmt"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// fold is a state in the making.
type fold[S, E any] struct {
	typ          *Type[S, E]
	state        S
	version      event.Version
	last         event.ID // of the event at version
	events       int      // read, whether or not an upcaster dropped them
	fromSnapshot bool
	err          error
}

// read folds what q asks for, up to where stop says so.
//
// It calls the sequence instead of ranging over it: what a loop's body and its returns share
// would be allocated one by one, for each load.
func (f *fold[S, E]) read(ctx context.Context, store eventstore.Streams, stream event.StreamID, q eventstore.ReadQuery, stop func(event.Header) bool) error {
	store.Read(ctx, stream, q)(func(rec event.Record, err error) bool {
		switch {
		case err != nil:
			f.err = fmt.Errorf("load %s after version %d: %w", stream, f.version, err)
		case stop != nil && stop(rec.Header):
			return false
		default:
			if err := f.add(ctx, rec); err != nil {
				f.err = fmt.Errorf("load %s at version %d: %w", stream, rec.Version, err)
			}
		}
		return f.err == nil
	})
	return f.err
}

func (f *fold[S, E]) add(ctx context.Context, rec event.Record) error {
	e, ok, err := f.typ.Events.DecodeData(ctx, rec.Header, rec.Data)
	if err != nil {
		return err
	}
	if ok {
		f.typ.Apply(&f.state, e)
	}
	f.version, f.last = rec.Version, rec.ID
	f.events++
	return nil
}

func (f *fold[S, E]) result(err error) (S, event.Version, error) {
	if err != nil {
		return *new(S), 0, err
	}
	return f.state, f.version, nil
}
