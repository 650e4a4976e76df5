package eventstore

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/eventsource-go/eventsource/core/event"
)

const (
	// MaxLookup is how many ids one Lookup takes: what it returns is that many times
	// [Policy].MaxEventBytes at most, 100 MiB by default.
	MaxLookup = 100

	// DefaultPageEvents is how many records, or streams, a page has if its query has no limit.
	DefaultPageEvents = 500

	// MaxPageEvents is the most that a page ever has; higher limits are taken for it.
	MaxPageEvents = 10_000

	// MaxPageBytes is how many bytes, by [event.Record.Size], a page of the feed may have
	// before it ends early: it ends with the record that reaches it.
	MaxPageBytes = 4 << 20
)

// ReadQuery narrows a read. The zero value reads everything, oldest first.
type ReadQuery struct {
	After    event.Version // only later events
	UpTo     event.Version // no later events; 0 is no bound
	Since    time.Time     // only events that occurred then or later; zero is no bound
	Until    time.Time     // only events that occurred then or earlier; zero is no bound
	Backward bool          // newest first
	Limit    int           // at most this many; 0 is no limit
}

// Validate is for stores: the error matches [ErrInvalidQuery].
func (q ReadQuery) Validate() error {
	if q.Limit < 0 {
		return fmt.Errorf("%w: limit %d", ErrInvalidQuery, q.Limit)
	}
	return nil
}

// Selects reports whether q asks for the event under h, order and limit aside.
func (q ReadQuery) Selects(h event.Header) bool {
	return h.Version > q.After && (q.UpTo == 0 || h.Version <= q.UpTo) &&
		(q.Since.IsZero() || !h.Occurred.Before(q.Since)) && (q.Until.IsZero() || !h.Occurred.After(q.Until))
}

// FeedQuery narrows a page. The zero value asks for the first page of everything.
type FeedQuery struct {
	After      event.Cursor
	Types      []string // names on the wire; none is all
	Categories []string // of the streams; none is all
	Tenant     string   // whose events; empty is the context's tenant, or all if it has none
	Limit      int      // at most this many records; 0 is [DefaultPageEvents]
}

// Resolve is for stores: it returns q with its tenant and limit settled. The error matches
// [ErrInvalidQuery], also for names that nothing can have, or [ErrTenant] if the tenant is none or
// ctx carries another than the one asked for.
func (q FeedQuery) Resolve(ctx context.Context) (FeedQuery, error) {
	tenant := event.MetadataFrom(ctx).Tenant
	switch {
	case q.Tenant == "":
		q.Tenant = tenant
	case tenant != "" && tenant != q.Tenant:
		return q, fmt.Errorf("%w: feed of another tenant than the context's", ErrTenant)
	}
	if q.Tenant != "" {
		if err := event.ValidateName(q.Tenant); err != nil {
			return q, fmt.Errorf("%w: bad name: %w", ErrTenant, err)
		}
	}
	for _, names := range [][]string{q.Types, q.Categories} {
		for _, name := range names {
			if err := event.ValidateName(name); err != nil {
				return q, fmt.Errorf("%w: type or category %q: %w", ErrInvalidQuery, shortened(name), err)
			}
		}
	}
	var err error
	q.Limit, err = pageLimit(q.Limit)
	return q, err
}

// Selects reports whether q, resolved, asks for the event under h, wherever it stands.
func (q FeedQuery) Selects(h event.Header) bool {
	return (q.Tenant == "" || q.Tenant == h.Metadata.Tenant) && (len(q.Types) == 0 || slices.Contains(q.Types, h.Type)) &&
		(len(q.Categories) == 0 || slices.Contains(q.Categories, h.Stream.Category))
}

// Page is a piece of the feed.
type Page struct {
	Records []event.Record
	Next    event.Cursor // the last event looked at, wanted or not: the After of the next query
	AtHead  bool         // there was nothing more to look at
	Stall   *Stall       // why there may be more that can't be shown yet; wait as at the head
}

// Stall names what a feed waits for.
type Stall struct {
	Cause string
	Since time.Time
}

// ListQuery asks for a page of streams.
type ListQuery struct {
	Category string // required
	After    string // the ID of the last stream of the page before
	Limit    int    // at most this many; 0 is [DefaultPageEvents]
}

// Resolve is for stores: it returns q with its limit settled. The error matches [ErrInvalidQuery],
// also for names that nothing can have.
func (q ListQuery) Resolve() (ListQuery, error) {
	if err := (event.StreamID{Category: q.Category, ID: "1"}).Validate(); err != nil {
		return q, fmt.Errorf("%w: %w", ErrInvalidQuery, err)
	}
	if q.After != "" {
		if err := event.ValidateName(q.After); err != nil {
			return q, fmt.Errorf("%w: after %q: %w", ErrInvalidQuery, shortened(q.After), err)
		}
	}
	var err error
	q.Limit, err = pageLimit(q.Limit)
	return q, err
}

// shortened returns as much of a name as an error shows.
func shortened(name string) string { return name[:min(len(name), 64)] }

// Listing is a page of streams.
type Listing struct {
	Streams []StreamInfo // by ID
	AtEnd   bool         // there are no more
}

// StreamInfo says what became of one stream.
type StreamInfo struct {
	Stream  event.StreamID
	Version event.Version // of its last event
	Closed  bool
}

func pageLimit(limit int) (int, error) {
	switch {
	case limit < 0:
		return 0, fmt.Errorf("%w: limit %d", ErrInvalidQuery, limit)
	case limit == 0:
		return DefaultPageEvents, nil
	}
	return min(limit, MaxPageEvents), nil
}
