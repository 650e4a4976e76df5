package aggregate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/internal/backoff"
)

// A Command is a request that an aggregate in state S may refuse.
//
// Decide returns the events that happen, or an error to refuse. It must be pure: it reads a
// shallow copy of the state, and runs again when the append conflicts.
type Command[S, E any] interface {
	Decide(S) ([]E, error)
}

// CommandFunc makes a Command of a function.
type CommandFunc[S, E any] func(S) ([]E, error)

// Decide calls f.
func (f CommandFunc[S, E]) Decide(s S) ([]E, error) { return f(s) }

// Result is what became of a command.
type Result[S, E any] struct {
	State    S              // as loading at Version would return it
	Version  event.Version  // of the last event, or as loaded if nothing happened
	Position event.Position // of the last event; zero if nothing happened, or not yet (see [eventstore.Atomic])
	Events   []E            // what happened, as it will be read back
	Replayed bool           // it happened on an earlier call with this idempotency key
}

// Execute loads the aggregate, lets cmd decide, and appends what happened.
//
// With an error the Result is zero.
//
// Errors: [RejectedError], [ExistenceError], those of [event.Registry.Encode] and
// [event.Registry.Decode], and those of [eventstore.Streams]; the context's, and not the
// conflict, if it is done while Execute waits to decide again.
func (r *Repository[S, E]) Execute(ctx context.Context, id string, cmd Command[S, E], opts ...ExecuteOption) (Result[S, E], error) {
	return r.ExecuteAll(ctx, id, []Command[S, E]{cmd}, opts...)
}

// ExecuteFunc executes a function as a command.
func (r *Repository[S, E]) ExecuteFunc(ctx context.Context, id string, decide func(S) ([]E, error), opts ...ExecuteOption) (Result[S, E], error) {
	return r.Execute(ctx, id, CommandFunc[S, E](decide), opts...)
}

// ExecuteAll executes commands in order, each on the state that the ones before it left, and
// appends what happened at once. If one is refused nothing happened.
func (r *Repository[S, E]) ExecuteAll(ctx context.Context, id string, cmds []Command[S, E], opts ...ExecuteOption) (res Result[S, E], err error) {
	x := execution{stream: r.stream(id)}
	for _, opt := range opts {
		opt.apply(&x)
	}
	if hook := r.cfg.Hooks.Execute; hook != nil {
		names := make([]string, len(cmds))
		for i, cmd := range cmds {
			names[i] = fmt.Sprintf("%T", cmd)
		}
		var done func(Executed, error)
		ctx, done = hook(ctx, x.stream, names)
		defer func() {
			done(Executed{Version: res.Version, Events: len(res.Events), Tries: x.tries, Replayed: res.Replayed}, err)
		}()
	}
	for try := 0; ; try++ {
		res, err := r.try(ctx, cmds, &x)
		again := x.key != "" && errors.Is(err, eventstore.ErrDuplicateEvent) ||
			(x.key != "" || x.expect == nil) && errors.Is(err, eventstore.ErrConflict)
		if !again || try >= r.cfg.Retries {
			return res, err
		}
		if err := backoff.Wait(ctx, try, r.cfg.Backoff, time.Second); err != nil {
			return Result[S, E]{}, fmt.Errorf("execute on %s: %w", x.stream, err)
		}
	}
}

// try decides once and appends what happened.
func (r *Repository[S, E]) try(ctx context.Context, cmds []Command[S, E], x *execution) (Result[S, E], error) {
	if x.key != "" {
		if res, err := r.replay(ctx, x); res.Replayed || err != nil {
			return res, err
		}
	}
	f, err := r.latest(ctx, x.stream)
	if err == nil {
		err = x.guard(f.version)
	}
	if err != nil {
		return Result[S, E]{}, err
	}
	x.tries++
	a := eventstore.Append{Stream: x.stream, Expect: eventstore.Exactly(f.version)}
	res := Result[S, E]{State: f.state, Version: f.version}
	if err := r.decide(ctx, cmds, x, &a, &res); err != nil || len(a.Events) == 0 {
		if x.key != "" { // an earlier try, for which nobody waits any more, may have been stored since we looked
			if again, look := r.replay(ctx, x); again.Replayed || look != nil {
				return again, look
			}
		}
		return res, err
	}
	appended, err := r.store.Append(ctx, a)
	switch {
	case err != nil:
		return Result[S, E]{}, err
	case appended[0].Replayed && x.key != "": // by somebody else since we looked
		return r.replay(ctx, x)
	}
	res.Version, res.Position = appended[0].Version, appended[0].Position
	if r.snapshots != nil {
		last := a.Events[len(a.Events)-1].ID
		r.snapshots.Offer(ctx, x.stream, Snapshot[S]{State: res.State, Version: res.Version, Event: last}, f.events+len(a.Events))
	}
	return res, nil
}

// decide adds to a and res what the commands let happen.
func (r *Repository[S, E]) decide(ctx context.Context, cmds []Command[S, E], x *execution, a *eventstore.Append, res *Result[S, E]) error {
	h := event.Header{Stream: x.stream, Occurred: r.cfg.Now(), Metadata: event.MetadataFrom(ctx)}
	state := res.State
	for _, cmd := range cmds {
		events, err := cmd.Decide(state)
		if err != nil {
			*res = Result[S, E]{}
			return &RejectedError{Stream: x.stream, Reason: err}
		}
		a.Events, res.Events = slices.Grow(a.Events, len(events)), slices.Grow(res.Events, len(events))
		for _, e := range events {
			if x.key != "" {
				h.ID = x.eventID(h.Metadata.Tenant, len(a.Events))
			} else {
				h.ID = r.cfg.NewID()
			}
			h.Version = res.Version + event.Version(len(a.Events)) + 1
			// The state is made of what will be read back: it shares no memory with what the
			// command returned, and an event that can't be read is never stored.
			draft, applied, err := r.typ.Events.RoundTrip(ctx, h, e)
			if err != nil {
				*res = Result[S, E]{}
				return fmt.Errorf("execute on %s: %w", x.stream, err)
			}
			r.typ.Apply(&state, applied)
			a.Events, res.Events = append(a.Events, draft), append(res.Events, applied)
		}
	}
	res.State = state
	return nil
}
