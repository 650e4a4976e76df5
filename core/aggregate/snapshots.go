package aggregate

import (
	"context"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// Snapshot is the state that an aggregate had at a version.
type Snapshot[S any] struct {
	State   S
	Version event.Version
	Event   event.ID // of the event at Version: proof that the snapshot is of this stream
}

// Snapshots shortens loading. It can only make it faster, never wrong: a snapshot whose event
// is not the stream's is not used. Implementations are safe for concurrent use.
type Snapshots[S any] interface {
	// Latest returns the newest snapshot of stream, for the context's tenant. Its state is the
	// caller's to change. There is no error: without a snapshot everything works.
	Latest(ctx context.Context, stream event.StreamID) (Snapshot[S], bool)

	// Offer is called after the events of a command were appended to what was loaded, events
	// of them read since the last snapshot. The state shares memory with the command's
	// [Result]: what keeps it must capture it before it returns.
	Offer(ctx context.Context, stream event.StreamID, s Snapshot[S], events int)
}

// WithSnapshots returns a copy of r that loads from, and offers to, s.
func (r *Repository[S, E]) WithSnapshots(s Snapshots[S]) *Repository[S, E] {
	c := *r
	c.snapshots = s
	return &c
}

// fromSnapshot folds what follows the latest snapshot onto it. It is false if there is none, or
// one that the stream does not lead to.
func (r *Repository[S, E]) fromSnapshot(ctx context.Context, stream event.StreamID, f *fold[S, E]) (bool, error) {
	snap, ok := r.snapshots.Latest(ctx, stream)
	if !ok || snap.Version == 0 {
		return false, nil
	}
	proven := false
	for rec, err := range r.store.Read(ctx, stream, eventstore.ReadQuery{After: snap.Version - 1}) {
		switch {
		case err != nil:
			return false, err
		case proven:
			if err := f.add(ctx, rec); err != nil {
				return false, err
			}
		case rec.ID != snap.Event:
			return false, nil
		default:
			proven = true
			f.state, f.version, f.last, f.fromSnapshot = snap.State, snap.Version, snap.Event, true
		}
	}
	return proven, nil
}
