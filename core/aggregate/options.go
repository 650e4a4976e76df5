package aggregate

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// An ExecuteOption changes one execution.
type ExecuteOption interface{ apply(*execution) }

type executeOption func(*execution)

func (set executeOption) apply(x *execution) { set(x) }

// execution is one call of Execute.
type execution struct {
	stream event.StreamID
	expect *event.Version
	exists *bool
	key    string
	tries  int
}

// ExpectVersion executes only if the aggregate is at version v, and does not retry.
// Otherwise the error is an [eventstore.ConflictError].
func ExpectVersion(v event.Version) ExecuteOption {
	return executeOption(func(x *execution) { x.expect = new(v) })
}

// ExpectNew executes only if nothing ever happened to the aggregate. Otherwise the error is an
// [ExistenceError] that matches [ErrExists]. Of several such executions at once, one succeeds.
func ExpectNew() ExecuteOption {
	return executeOption(func(x *execution) { x.exists = new(false) })
}

// ExpectExisting executes only if something happened to the aggregate before. Otherwise the
// error is an [ExistenceError] that matches [ErrNotFound].
func ExpectExisting() ExecuteOption {
	return executeOption(func(x *execution) { x.exists = new(true) })
}

// IdempotencyKey executes once for each tenant, aggregate and key. A later execution decides
// nothing and returns the first one's result, whatever its commands and expectations.
// What was refused, or led to no events, is not remembered. An empty key is no key.
func IdempotencyKey(key string) ExecuteOption {
	return executeOption(func(x *execution) { x.key = key })
}

// guard returns an error if the aggregate at version v is not as the options expect.
func (x *execution) guard(v event.Version) error {
	if x.exists != nil && *x.exists != (v > 0) {
		return &ExistenceError{Stream: x.stream, Version: v}
	}
	if x.expect != nil {
		return eventstore.Exactly(*x.expect).Check(x.stream, v)
	}
	return nil
}

var keyspace = uuid.MustParse("5f0c1a52-6f0e-4d0b-9a0f-2b1d8a7c3e64")

// eventID returns the id of the n-th event that an execution with x's key leads to.
// Only the key, which comes last, can contain the separator.
func (x *execution) eventID(tenant string, n int) event.ID {
	return uuid.NewSHA1(keyspace, fmt.Appendf(nil, "%s\x00%s\x00%d\x00%s", tenant, x.stream, n, x.key))
}

// replay returns the result of the execution that had x's key, if there was one.
func (r *Repository[S, E]) replay(ctx context.Context, x *execution) (res Result[S, E], err error) {
	tenant := event.MetadataFrom(ctx).Tenant
	found, err := r.store.Lookup(ctx, x.eventID(tenant, 0))
	if err != nil || len(found) == 0 {
		return res, err
	}
	first := found[0].Version
	f := fold[S, E]{typ: &r.typ}
	for rec, err := range r.store.Read(ctx, x.stream, eventstore.ReadQuery{}) {
		if err == nil && rec.Version >= first && rec.ID != x.eventID(tenant, int(rec.Version-first)) {
			break
		}
		var e E
		var ok bool
		if err == nil {
			e, ok, err = r.typ.Events.DecodeData(ctx, rec.Header, rec.Data)
		}
		if err != nil {
			return Result[S, E]{}, fmt.Errorf("load %s after version %d: %w", x.stream, f.version, err)
		}
		if ok {
			r.typ.Apply(&f.state, e)
		}
		if f.version = rec.Version; ok && rec.Version >= first {
			res.Events = append(res.Events, e)
		}
		res.Position = rec.Position
	}
	res.State, res.Version, res.Replayed = f.state, f.version, true
	return res, nil
}
