package eventstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/internal/jsontext"
)

// Policy is what a store accepts; it is a part of every store's Config. The zero value accepts
// events of any tenant or none, within the default limits.
type Policy struct {
	// MaxEventBytes is how large the payload and the metadata of one event may be, together.
	// Defaults to 1 MiB.
	MaxEventBytes int

	// MaxAppendEvents is how many events one Append call may have, over all streams.
	// Defaults to 10 000.
	MaxAppendEvents int

	// MaxAppendBytes is how large the events of one Append call may be, all together: what a
	// store has to hold at once. Defaults to 16 MiB, or to MaxEventBytes if that is more.
	MaxAppendBytes int

	// RequireTenant makes it an error to use streams without a tenant in the context.
	// The feed may be read without one: it then shows all tenants, as subscriptions need it.
	RequireTenant bool
}

// maxDepth is how deep a payload may be nested. Decoders of databases give up earlier than Go's.
const maxDepth = 500

// ErrInvalidPolicy is matched by what [Policy.Validate] returns.
var ErrInvalidPolicy = errors.New("invalid policy")

// Validate is for stores, which call it when they are opened: it returns an error for each
// negative limit, which would refuse every event. It matches [ErrInvalidPolicy].
func (p Policy) Validate() error {
	negative := func(limit string, n int) error {
		if n < 0 {
			return fmt.Errorf("%w: %s is %d", ErrInvalidPolicy, limit, n)
		}
		return nil
	}
	return errors.Join(negative("MaxEventBytes", p.MaxEventBytes), negative("MaxAppendEvents", p.MaxAppendEvents),
		negative("MaxAppendBytes", p.MaxAppendBytes))
}

func (p Policy) maxEventBytes() int  { return cmp.Or(p.MaxEventBytes, 1<<20) }
func (p Policy) maxAppendBytes() int { return cmp.Or(p.MaxAppendBytes, max(16<<20, p.MaxEventBytes)) }

// Tenant is for stores: it returns the tenant that ctx carries. The error matches [ErrTenant].
func (p Policy) Tenant(ctx context.Context) (string, error) {
	tenant := event.MetadataFrom(ctx).Tenant
	if tenant == "" {
		if p.RequireTenant {
			return "", fmt.Errorf("%w: required, and missing in the context", ErrTenant)
		}
		return "", nil
	}
	if err := event.ValidateName(tenant); err != nil {
		return "", fmt.Errorf("%w: bad name: %w", ErrTenant, err)
	}
	return tenant, nil
}

// Check is for stores: it returns the tenant that the appends are for, or an error if they
// can't be stored anywhere. A store calls it before it does anything else.
//
// Errors: [InvalidAppendError], [ErrTenant].
func (p Policy) Check(ctx context.Context, appends ...Append) (tenant string, err error) {
	tenant, err = p.Tenant(ctx)
	if err != nil {
		return "", err
	}
	if len(appends) == 0 {
		return "", &InvalidAppendError{Event: -1, Reason: "nothing to append"}
	}
	total := 0
	for _, a := range appends {
		total += len(a.Events)
	}
	if most := cmp.Or(p.MaxAppendEvents, 10_000); total > most {
		return "", &InvalidAppendError{Stream: appends[0].Stream, Event: -1, Reason: fmt.Sprintf("%d events, at most %d are allowed", total, most)}
	}
	streams, ids, size := make(map[event.StreamID]bool, len(appends)), make(map[event.ID]bool, total), 0
	for _, a := range appends {
		if err := a.Stream.Validate(); err != nil {
			return "", &InvalidAppendError{Stream: a.Stream, Event: -1, Reason: err.Error()}
		}
		switch {
		case streams[a.Stream]:
			return "", &InvalidAppendError{Stream: a.Stream, Event: -1, Reason: "the stream is named twice"}
		case len(a.Events) == 0 && !a.Close:
			return "", &InvalidAppendError{Stream: a.Stream, Event: -1, Reason: "no events"}
		}
		streams[a.Stream] = true
		for i, d := range a.Events {
			reason := p.refuses(d, tenant)
			if ids[d.ID] {
				reason = "the id is that of an earlier event of the same call"
			}
			if reason != "" {
				return "", &InvalidAppendError{Stream: a.Stream, Event: i, Reason: reason}
			}
			ids[d.ID] = true
			if size += d.Size(); size > p.maxAppendBytes() {
				return "", &InvalidAppendError{Stream: a.Stream, Event: -1, Reason: fmt.Sprintf("%d bytes up to event %d, at most %d are allowed", size, i, p.maxAppendBytes())}
			}
		}
	}
	return tenant, nil
}

// refuses returns why d can't be stored, without a word of its payload.
func (p Policy) refuses(d event.Draft, tenant string) string {
	if d.ID == (event.ID{}) {
		return "no id"
	}
	if err := event.ValidateName(d.Type); err != nil {
		return "type: " + err.Error()
	}
	if size, most := d.Size(), p.maxEventBytes(); size > most {
		return fmt.Sprintf("%s has %d bytes, at most %d are allowed", d.Type, size, most)
	}
	switch {
	case d.Schema < 1 || d.Schema > 1<<30:
		return fmt.Sprintf("%s has schema version %d", d.Type, d.Schema)
	case d.Metadata.Tenant != "" && d.Metadata.Tenant != tenant:
		return d.Type + " is stamped with another tenant than the context's"
	case !storable(d.Metadata):
		return d.Type + " has metadata with NUL or wrong UTF-8"
	case !d.Occurred.IsZero() && (d.Occurred.Before(firstInstant) || d.Occurred.After(lastInstant)):
		return d.Type + " occurred outside of the years 1 to 9999"
	}
	switch jsontext.Check(d.Data, maxDepth) {
	case jsontext.Malformed:
		return d.Type + " is not JSON in UTF-8"
	case jsontext.TooDeep:
		return fmt.Sprintf("%s is nested deeper than %d", d.Type, maxDepth)
	case jsontext.HasNUL:
		return d.Type + " has NUL in a string"
	}
	return ""
}

var (
	firstInstant = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	lastInstant  = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
)

func storable(md event.Metadata) bool {
	ok := func(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }
	for key, value := range md.Extra {
		if !ok(key) || !ok(value) {
			return false
		}
	}
	return ok(md.Correlation) && ok(md.Causation) && ok(md.Actor) && ok(md.Tenant) && ok(md.Trace)
}
