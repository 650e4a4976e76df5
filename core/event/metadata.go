package event

import (
	"context"
	"maps"
)

// Metadata says why an event happened, not what happened. It travels in the context.
type Metadata struct {
	Correlation string            `json:"correlation,omitempty"` // the request that started it all
	Causation   string            `json:"causation,omitempty"`   // the event or message that led to this one
	Actor       string            `json:"actor,omitempty"`
	Tenant      string            `json:"tenant,omitempty"`
	Trace       string            `json:"trace,omitempty"` // W3C traceparent
	Extra       map[string]string `json:"extra,omitempty"`
}

func (md Metadata) size() int {
	size := len(md.Correlation) + len(md.Causation) + len(md.Actor) + len(md.Tenant) + len(md.Trace)
	for key, value := range md.Extra {
		size += len(key) + len(value)
	}
	return size
}

type metadataKey struct{}

// MetadataFrom returns the metadata of ctx. It is the caller's to change.
func MetadataFrom(ctx context.Context) Metadata {
	md, _ := ctx.Value(metadataKey{}).(Metadata)
	md.Extra = maps.Clone(md.Extra)
	return md
}

// WithMetadata replaces the metadata of ctx as a whole; the other setters change one field.
func WithMetadata(ctx context.Context, md Metadata) context.Context {
	md.Extra = maps.Clone(md.Extra)
	return context.WithValue(ctx, metadataKey{}, md)
}

// WithCorrelation names the request that started it all.
func WithCorrelation(ctx context.Context, id string) context.Context {
	return with(ctx, func(md *Metadata) { md.Correlation = id })
}

// WithCausation names the event or message that leads to what happens next.
func WithCausation(ctx context.Context, id string) context.Context {
	return with(ctx, func(md *Metadata) { md.Causation = id })
}

// WithActor names who acts.
func WithActor(ctx context.Context, actor string) context.Context {
	return with(ctx, func(md *Metadata) { md.Actor = actor })
}

// WithTenant names whose data it is. Stores keep tenants apart.
func WithTenant(ctx context.Context, tenant string) context.Context {
	return with(ctx, func(md *Metadata) { md.Tenant = tenant })
}

// WithTrace names the trace, as a W3C traceparent.
func WithTrace(ctx context.Context, traceparent string) context.Context {
	return with(ctx, func(md *Metadata) { md.Trace = traceparent })
}

// WithExtra adds one entry to Extra.
func WithExtra(ctx context.Context, key, value string) context.Context {
	return with(ctx, func(md *Metadata) {
		if md.Extra == nil {
			md.Extra = make(map[string]string)
		}
		md.Extra[key] = value
	})
}

// WithCause returns the context for work that the event under h causes: correlation and
// tenant are the event's, causation is its id, nothing else is kept. An event without a
// correlation starts one.
func WithCause(ctx context.Context, h Header) context.Context {
	md := Metadata{Correlation: h.Metadata.Correlation, Causation: h.ID.String(), Tenant: h.Metadata.Tenant}
	if md.Correlation == "" {
		md.Correlation = md.Causation
	}
	return WithMetadata(ctx, md)
}

func with(ctx context.Context, set func(*Metadata)) context.Context {
	md := MetadataFrom(ctx)
	set(&md)
	return context.WithValue(ctx, metadataKey{}, md)
}
