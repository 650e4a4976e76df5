package postgres

import (
	"context"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// explain answers appends that were refused: they are stored already, or something stands in
// their way. If that is gone by now, err is errStale.
func (c *call) explain(ctx context.Context, run runner) (results []eventstore.AppendResult, answer, err error) {
	found, err := c.store.lookupAny(ctx, run, idsOf(c.appends))
	if err != nil {
		return nil, nil, err
	}
	var stateErr error
	results, answer = eventstore.Replay(c.tenant, c.appends, eventstore.Stored{
		Event: func(id event.ID) (event.Record, bool) { rec, ok := found[id]; return rec, ok },
		End: func(stream event.StreamID) (version event.Version, position event.Position, closed bool, err error) {
			if version, closed, stateErr = c.state(ctx, run, stream); stateErr == nil {
				position, stateErr = c.positionOf(ctx, run, stream, version)
			}
			return version, position, closed, stateErr
		},
	})
	switch {
	case stateErr != nil:
		return nil, nil, stateErr
	case results != nil && c.unknown != nil && c.stored(found):
		for i := range results {
			results[i].Replayed = false
		}
		return results, nil, nil
	case results != nil || answer != nil:
		return results, answer, nil
	}
	for _, a := range c.appends {
		version, closed, err := c.state(ctx, run, a.Stream)
		switch {
		case err != nil:
			return nil, nil, err
		case closed:
			return nil, &eventstore.StreamClosedError{Stream: a.Stream, Version: version}, nil
		}
		if err := a.Expect.Check(a.Stream, version); err != nil {
			return nil, err, nil
		}
	}
	return nil, nil, errStale
}

// state returns what the stream's row says. An absent stream is at version 0.
func (c *call) state(ctx context.Context, run runner, stream event.StreamID) (version event.Version, closed bool, err error) {
	var v int64
	err = queryRow(ctx, run, []any{&v, &closed}, c.store.text.state, c.tenant, stream.Category, stream.ID)
	return event.Version(v), closed, err
}

// stored reports whether it was this call that stored the events, in a try that nobody answered.
func (c *call) stored(found map[event.ID]event.Record) bool {
	for _, rec := range found {
		if !rec.Recorded.Equal(c.now) {
			return false
		}
	}
	return true
}
