package aggregate

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// Config holds what a [Repository] may be told. The zero value is ready to use.
type Config struct {
	// Retries is how often a command that met a conflict is decided again.
	// -1 disables, less is refused. Defaults to 3.
	Retries int

	// Backoff is about how long the first retry waits; each further one waits twice as long,
	// one second at most. Less than zero is refused. Defaults to 5 ms.
	Backoff time.Duration

	// Now stamps events. Defaults to time.Now.
	Now func() time.Time

	// NewID returns the identifier of an event without idempotency key. Defaults to event.NewID.
	NewID func() event.ID

	// Hooks are told what the repository does. Defaults to none.
	Hooks Hooks
}

// Repository loads aggregates of one type and executes commands on them.
// It is safe for concurrent use.
type Repository[S, E any] struct {
	typ       Type[S, E]
	store     eventstore.Streams
	snapshots Snapshots[S]
	cfg       Config
}

// NewRepository returns a repository of typ in store. It panics if typ lacks a field or its
// name is no category of streams, or if cfg has a value that it refuses.
func NewRepository[S, E any](store eventstore.Streams, typ Type[S, E], cfg Config) *Repository[S, E] {
	if err := typ.validate(); err != nil {
		panic(fmt.Errorf("aggregate: bad type %q: %w", typ.Name, err))
	}
	if cfg.Retries < -1 || cfg.Backoff < 0 {
		panic(fmt.Errorf("aggregate: bad config of %s: %d retries, backoff %v", typ.Name, cfg.Retries, cfg.Backoff))
	}
	if cfg.Retries == 0 {
		cfg.Retries = 3
	}
	if cfg.Backoff == 0 {
		cfg.Backoff = 5 * time.Millisecond
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.NewID == nil {
		cfg.NewID = event.NewID
	}
	return &Repository[S, E]{typ: typ, store: store, cfg: cfg}
}

// WithStore returns a copy of r on another store, such as one bound to a transaction.
// The copy uses no snapshots: what a transaction appends may never be committed.
func (r *Repository[S, E]) WithStore(store eventstore.Streams) *Repository[S, E] {
	c := *r
	c.store, c.snapshots = store, nil
	return &c
}

// Load returns the state and version of an aggregate. Version 0 means it does not exist.
func (r *Repository[S, E]) Load(ctx context.Context, id string) (S, event.Version, error) {
	return r.load(ctx, r.stream(id))
}

// LoadAt returns the state that the aggregate had at version v, or has if v is yet to come.
func (r *Repository[S, E]) LoadAt(ctx context.Context, id string, v event.Version) (S, event.Version, error) {
	if v == 0 {
		return *new(S), 0, r.stream(id).Validate()
	}
	f := fold[S, E]{typ: &r.typ}
	err := f.read(ctx, r.store, r.stream(id), eventstore.ReadQuery{UpTo: v}, nil)
	return f.result(err)
}

// LoadAsOf returns the state just before the first event that occurred after t.
func (r *Repository[S, E]) LoadAsOf(ctx context.Context, id string, t time.Time) (S, event.Version, error) {
	f := fold[S, E]{typ: &r.typ}
	err := f.read(ctx, r.store, r.stream(id), eventstore.ReadQuery{}, func(h event.Header) bool { return h.Occurred.After(t) })
	return f.result(err)
}

// History yields the events of an aggregate, those that an upcaster drops excepted.
// An error is the last thing it yields.
func (r *Repository[S, E]) History(ctx context.Context, id string, q eventstore.ReadQuery) iter.Seq2[event.Envelope[E], error] {
	return func(yield func(event.Envelope[E], error) bool) {
		stream, last := r.stream(id), event.Version(0)
		for rec, err := range r.store.Read(ctx, stream, q) {
			var env event.Envelope[E]
			var ok bool
			if err == nil {
				last = rec.Version
				env, ok, err = r.typ.Events.Decode(ctx, rec)
			}
			if err != nil {
				err = fmt.Errorf("history of %s at version %d: %w", stream, last, err)
			}
			if (ok || err != nil) && !yield(env, err) || err != nil {
				return
			}
		}
	}
}

// Exists reports whether anything ever happened to the aggregate.
func (r *Repository[S, E]) Exists(ctx context.Context, id string) (bool, error) {
	stream := r.stream(id)
	recs, err := eventstore.Collect(r.store.Read(ctx, stream, eventstore.ReadQuery{Backward: true, Limit: 1}))
	if err != nil {
		return false, fmt.Errorf("look for %s: %w", stream, err)
	}
	return len(recs) > 0, nil
}

func (r *Repository[S, E]) stream(id string) event.StreamID {
	return event.StreamID{Category: r.typ.Name, ID: id}
}

func (r *Repository[S, E]) load(ctx context.Context, stream event.StreamID) (S, event.Version, error) {
	f, err := r.latest(ctx, stream)
	return f.result(err)
}

// latest folds the whole stream, from a snapshot if there is one that belongs to it.
func (r *Repository[S, E]) latest(ctx context.Context, stream event.StreamID) (f fold[S, E], err error) {
	if hook := r.cfg.Hooks.Load; hook != nil {
		var done func(Loaded, error)
		ctx, done = hook(ctx, stream)
		defer func() {
			done(Loaded{Version: f.version, Events: f.events, FromSnapshot: f.fromSnapshot}, err)
		}()
	}
	f.typ = &r.typ
	if r.snapshots != nil {
		if ok, err := r.fromSnapshot(ctx, stream, &f); ok || err != nil {
			return f, err
		}
	}
	err = f.read(ctx, r.store, stream, eventstore.ReadQuery{}, nil)
	return f, err
}
