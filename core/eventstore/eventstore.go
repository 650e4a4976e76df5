// Package eventstore defines the ports that every event store implements, and what callers
// build on them: [Atomic], a unit of work, and [As], which finds optional abilities.
//
// Package eventstoretest is the contract as a test suite. Package memstore is the reference.
package eventstore

import (
	"context"
	"iter"

	"github.com/eventsource-go/eventsource/core/event"
)

// Streams is the side of a store that commands use. It is all that a store bound to a
// transaction offers. Implementations are safe for concurrent use and pass eventstoretest.Run.
//
// Every method works on the streams of one tenant: the one that ctx carries, see
// [event.WithTenant]. Streams and events of other tenants do not exist for it.
//
// Like those of [Feed] and [Directory], every method returns an error that matches ctx.Err() if
// it ends because ctx is done. The error may match the context's cause besides.
type Streams interface {
	// Append adds events to the ends of streams, all or none, and returns one result for each
	// Append, in order. Events sent again with the same ids and content (stream, type, schema,
	// payload) are answered with the original result, whatever is expected now, if all of them
	// and every closing beside them are there; see [Replay]. The feed shows the events of a
	// call in the order given. What is acknowledged is as durable as the store's documentation says.
	//
	// Errors: [ConflictError], [StreamClosedError], [DuplicateEventError], [InvalidAppendError],
	// [ErrTenant], [ErrBusy], and the context's. After an error nothing is stored unless it
	// says otherwise.
	Append(ctx context.Context, appends ...Append) ([]AppendResult, error)

	// Read yields the records of one stream. An error is the last thing it yields. The records
	// are the receiver's; an absent stream has none. No connection is held while the caller
	// works, so a long read may see what is appended meanwhile, but never a part of an
	// append without what came before it.
	//
	// Errors: [ErrInvalidQuery], [event.ErrInvalidStream], [ErrTenant].
	Read(ctx context.Context, stream event.StreamID, q ReadQuery) iter.Seq2[event.Record, error]

	// Lookup returns the records that have these ids, in the order of ids; those that are
	// not stored are left out. At most [MaxLookup] ids are allowed.
	//
	// Errors: [ErrInvalidQuery], [ErrTenant].
	Lookup(ctx context.Context, ids ...event.ID) ([]event.Record, error)
}

// Feed is the side of a store that subscriptions use: every stream, in position order. The
// order is the same for all readers and agrees with the order of each stream.
type Feed interface {
	// Page returns what follows q.After. It never blocks to wait for events, never skips one
	// that may still appear, and shows none that is not committed.
	//
	// Errors: [ErrInvalidQuery], [ForeignPositionError], [DivergedError], [ErrTenant].
	Page(ctx context.Context, q FeedQuery) (Page, error)

	// Head returns the last position that Page can reach now. It is that of the whole store,
	// whatever the tenant.
	Head(ctx context.Context) (event.Position, error)
}

// Directory tells which streams there are.
type Directory interface {
	// List returns the streams of a category that come after q.After, by ID, compared byte by
	// byte. Like [Streams] it knows those of the context's tenant only.
	//
	// Errors: [ErrInvalidQuery], [ErrTenant].
	List(ctx context.Context, q ListQuery) (Listing, error)
}

// Store is a log of events.
type Store interface {
	Streams
	Feed
	Directory
}

// Notifier is the ability to tell when there is more to read. Polling must do without it.
type Notifier interface {
	// Appended returns a channel that is closed when events are appended after the call.
	Appended() <-chan struct{}
}

// Collect returns what seq yields up to the first error.
func Collect[T any](seq iter.Seq2[T, error]) ([]T, error) {
	var all []T
	for v, err := range seq {
		if err != nil {
			return all, err
		}
		all = append(all, v)
	}
	return all, nil
}
