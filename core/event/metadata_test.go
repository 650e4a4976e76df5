package event_test

import (
	"reflect"
	"testing"

	"github.com/eventsource-go/eventsource/core/event"
)

func TestMetadata(t *testing.T) {
	outer := event.WithExtra(event.WithTenant(t.Context(), "acme"), "k", "v")
	inner := event.WithExtra(event.WithActor(outer, "ann"), "k", "changed")
	if md := event.MetadataFrom(inner); md.Tenant != "acme" || md.Actor != "ann" || md.Extra["k"] != "changed" {
		t.Errorf("inner %+v", md)
	}
	if md := event.MetadataFrom(outer); md.Actor != "" || md.Extra["k"] != "v" {
		t.Errorf("outer %+v", md)
	}
	h := event.Header{ID: event.NewID(), Metadata: event.MetadataFrom(event.WithCorrelation(inner, "req"))}
	if md := event.MetadataFrom(event.WithCause(inner, h)); md.Correlation != "req" || md.Causation != h.ID.String() || md.Tenant != "acme" || md.Actor != "" {
		t.Errorf("caused %+v", md)
	}
}

func TestMetadataIsCopied(t *testing.T) {
	given := event.Metadata{Extra: map[string]string{"k": "v"}}
	ctx := event.WithMetadata(t.Context(), given)
	given.Extra["k"] = "changed"
	got := event.MetadataFrom(ctx)
	got.Extra["k"] = "changed too"
	if md := event.MetadataFrom(ctx); md.Extra["k"] != "v" {
		t.Errorf("%+v", md)
	}
}

func TestSettersChangeOneField(t *testing.T) {
	full := event.Metadata{Correlation: "c", Causation: "d", Actor: "a", Tenant: "t", Trace: "r", Extra: map[string]string{"k": "v"}}
	ctx := event.WithMetadata(t.Context(), full)
	for name, set := range map[string]func() (event.Metadata, event.Metadata){
		"correlation": func() (event.Metadata, event.Metadata) {
			got, want := event.MetadataFrom(event.WithCorrelation(ctx, "x")), full
			want.Correlation = "x"
			return got, want
		},
		"causation": func() (event.Metadata, event.Metadata) {
			got, want := event.MetadataFrom(event.WithCausation(ctx, "x")), full
			want.Causation = "x"
			return got, want
		},
		"actor": func() (event.Metadata, event.Metadata) {
			got, want := event.MetadataFrom(event.WithActor(ctx, "x")), full
			want.Actor = "x"
			return got, want
		},
		"tenant": func() (event.Metadata, event.Metadata) {
			got, want := event.MetadataFrom(event.WithTenant(ctx, "x")), full
			want.Tenant = "x"
			return got, want
		},
		"trace": func() (event.Metadata, event.Metadata) {
			got, want := event.MetadataFrom(event.WithTrace(ctx, "x")), full
			want.Trace = "x"
			return got, want
		},
	} {
		if got, want := set(); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}
