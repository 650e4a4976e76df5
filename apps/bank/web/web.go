// Package web is the bank as pages: lists, accounts, forms, and any state that an account ever
// had. Pages are whole without JavaScript; a small script keeps them up to date.
//
// What is changed goes through the ledger, once for each form however often it is sent, and
// what is shown comes from the read models, or, where the past is asked for, from the streams.
package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/eventsource-go/eventsource/apps/bank/ledger"
	"github.com/eventsource-go/eventsource/apps/bank/live"
	"github.com/eventsource-go/eventsource/apps/bank/readmodel"
	"github.com/eventsource-go/eventsource/core/event"
)

// A Waiter waits until the read models show everything up to a position, and knows whether they
// show everything there is: [readmodel.Waiter] is one.
type Waiter interface {
	Await(ctx context.Context, pos event.Position) error
	Behind(ctx context.Context) (head event.Position, behind bool, err error)
}

// Changes tells which accounts change, on a channel that is closed when ctx is done, or when
// all streams have to end: [live.Broadcaster] is one.
type Changes interface {
	Changes(ctx context.Context) <-chan live.Change
}

// Config holds what the pages are made of. Ledger, Reader, Waiter and Changes are required,
// the rest is ready to use as it is.
type Config struct {
	Ledger  *ledger.Ledger
	Reader  *readmodel.Reader
	Waiter  Waiter
	Changes Changes

	// Actor says who makes a request, for the audit trail. It is to be taken from what has been
	// authenticated. Defaults to "web", whoever it is.
	Actor func(*http.Request) string

	// Timeout bounds the work for one page. Defaults to 10 s.
	Timeout time.Duration

	// AwaitTimeout bounds how long the answer to a form waits until the read models show what
	// it did. After that the page says that it is behind. Defaults to 2 s.
	AwaitTimeout time.Duration

	// MaxBodyBytes bounds a form. Defaults to 16 KiB.
	MaxBodyBytes int64

	// MaxStreams is how many pages are kept up to date at once; for more, 503 is the answer and
	// they try again later. Defaults to 64.
	MaxStreams int

	// Heartbeat is how often a stream that has nothing to tell shows that it is alive.
	// Defaults to 15 s.
	Heartbeat time.Duration

	// Now is the clock for what the pages say about now. Defaults to time.Now.
	Now func() time.Time

	// Log is told of errors that visitors are not. Defaults to slog.DiscardHandler.
	Log *slog.Logger
}

// ErrIncomplete is matched by every [IncompleteError].
var ErrIncomplete = errors.New("incomplete configuration")

// IncompleteError reports a field of [Config] that is required and missing.
type IncompleteError struct{ Field string }

func (e *IncompleteError) Error() string {
	return fmt.Sprintf("%v: web.Config.%s", ErrIncomplete, e.Field)
}

// Is matches [ErrIncomplete].
func (e *IncompleteError) Is(target error) bool { return target == ErrIncomplete }

func (cfg Config) validate() error {
	var errs []error
	for _, f := range []struct {
		name    string
		missing bool
	}{
		{"Ledger", cfg.Ledger == nil},
		{"Reader", cfg.Reader == nil},
		{"Waiter", cfg.Waiter == nil},
		{"Changes", cfg.Changes == nil},
	} {
		if f.missing {
			errs = append(errs, &IncompleteError{Field: f.name})
		}
	}
	return errors.Join(errs...)
}

func (cfg Config) withDefaults() Config {
	orDefault := func(d *time.Duration, otherwise time.Duration) {
		if *d == 0 {
			*d = otherwise
		}
	}
	orDefault(&cfg.Timeout, 10*time.Second)
	orDefault(&cfg.AwaitTimeout, 2*time.Second)
	orDefault(&cfg.Heartbeat, 15*time.Second)
	if cfg.Actor == nil {
		cfg.Actor = func(*http.Request) string { return "web" }
	}
	if cfg.MaxBodyBytes == 0 {
		cfg.MaxBodyBytes = 16 << 10
	}
	if cfg.MaxStreams == 0 {
		cfg.MaxStreams = 64
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return cfg
}

// site is the handlers of all pages.
type site struct {
	cfg     Config
	pages   pages
	streams chan struct{} // one place for each that is open
}

// New returns the handler of all pages. It answers for every path, so it is mounted at "/",
// beside what has a path of its own.
//
// The error matches [ErrIncomplete].
func New(cfg Config) (http.Handler, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	s := &site{cfg: cfg, pages: parsePages(), streams: make(chan struct{}, cfg.MaxStreams)}
	return s.secure(s.routes()), nil
}

// IsStream reports whether the answer to r goes on until the visitor leaves: such requests are
// not for the limits of others.
func IsStream(r *http.Request) bool { return r.URL.Path == livePath }
