package httpserver

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/eventsource-go/eventsource/apps/bank/problem"
)

// GuardConfig holds what [Guard] may be told. The zero value is ready to use.
type GuardConfig struct {
	// MaxRequests is how many requests are worked on at once; more are answered with 503.
	// Requests that stream forever are not for this limit: see Streams. Defaults to 256.
	MaxRequests int

	// RequestTimeout is when the context of a request is done that is not answered yet, unless it
	// streams: a database that does not answer must not hold requests for ever. It is less than
	// the server's WriteTimeout, so that the client is told. Defaults to 20 s.
	RequestTimeout time.Duration

	// MaxBodyBytes bounds the body of a request. Defaults to 64 KiB.
	MaxBodyBytes int64

	// Streams reports whether the answer to r goes on until the client leaves. Defaults to
	// none. MaxStreams bounds those, and defaults to 64.
	Streams    func(r *http.Request) bool
	MaxStreams int

	// Now tells how long a request took. Defaults to time.Now.
	Now func() time.Time

	// Log is told of each request, and of panics. Defaults to slog.DiscardHandler.
	Log *slog.Logger
}

// Guard returns a handler that every request to the bank goes through. It gives the request an
// id and its metadata, sets headers that browsers heed, refuses requests that another site makes
// them send, bounds what is read, how much is done at once and how long it may take, answers for a
// handler that panics, and writes the log.
func Guard(next http.Handler, cfg GuardConfig) http.Handler {
	if cfg.MaxRequests == 0 {
		cfg.MaxRequests = 256
	}
	if cfg.RequestTimeout == 0 {
		cfg.RequestTimeout = 20 * time.Second
	}
	if cfg.MaxStreams == 0 {
		cfg.MaxStreams = 64
	}
	if cfg.MaxBodyBytes == 0 {
		cfg.MaxBodyBytes = 64 << 10
	}
	if cfg.Streams == nil {
		cfg.Streams = func(*http.Request) bool { return false }
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	g := &guard{
		cfg: cfg, next: next,
		requests: make(chan struct{}, cfg.MaxRequests),
		streams:  make(chan struct{}, cfg.MaxStreams),
	}
	origins := http.NewCrossOriginProtection()
	origins.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		problem.Write(w, problem.Details{Kind: problem.CrossOrigin})
	}))
	g.next = origins.Handler(http.HandlerFunc(g.bounded))
	g.inner = next
	return g
}

type guard struct {
	cfg               GuardConfig
	next, inner       http.Handler
	requests, streams chan struct{}
}

func (g *guard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	started := g.cfg.Now()
	setHeaders(w.Header())
	ctx, id := identify(r)
	w.Header().Set(problem.RequestIDHeader, id)
	answer := &answer{ResponseWriter: w}
	if !g.cfg.Streams(r) {
		limited, cancel := context.WithTimeout(ctx, g.cfg.RequestTimeout)
		defer cancel()
		ctx = limited
	}
	r = r.WithContext(ctx)
	defer func() {
		p := recover()
		if p != nil {
			g.panicked(ctx, answer, p, id)
		}
		g.cfg.Log.LogAttrs(ctx, slog.LevelInfo, "request",
			slog.String("request", id), slog.String("method", r.Method), slog.String("route", r.Pattern),
			slog.Int("status", answer.status()), slog.Duration("took", g.cfg.Now().Sub(started)))
		if p != nil && answer.code != http.StatusInternalServerError {
			panic(http.ErrAbortHandler) // the answer is half written: the client must not take it for whole
		}
	}()
	g.next.ServeHTTP(answer, r)
}

// bounded lets as many through as there is room for.
func (g *guard) bounded(w http.ResponseWriter, r *http.Request) {
	room := g.requests
	if g.cfg.Streams(r) {
		room = g.streams
	}
	select {
	case room <- struct{}{}:
		defer func() { <-room }()
	default:
		problem.Write(w, problem.Details{Kind: problem.Overloaded, RetryAfter: 1})
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, g.cfg.MaxBodyBytes)
	g.inner.ServeHTTP(w, r)
}

// panicked answers for a handler that panicked before it answered.
func (g *guard) panicked(ctx context.Context, w *answer, p any, id string) {
	if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		return
	}
	// What it panicked with may hold a payload, so the log gets the place only.
	g.cfg.Log.LogAttrs(ctx, slog.LevelError, "handler panicked",
		slog.String("request", id), slog.String("stack", string(debug.Stack())))
	if w.code == 0 {
		problem.Write(w, problem.Details{Kind: problem.Internal})
	}
}

// setHeaders sets what browsers heed. Handlers that need more freedom set their own.
func setHeaders(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
}

// answer remembers the status of a response.
type answer struct {
	http.ResponseWriter
	code int
}

func (a *answer) WriteHeader(code int) {
	if a.code == 0 && code >= 200 {
		a.code = code
	}
	a.ResponseWriter.WriteHeader(code)
}

func (a *answer) Write(p []byte) (int, error) {
	if a.code == 0 {
		a.code = http.StatusOK
	}
	return a.ResponseWriter.Write(p)
}

// Unwrap is for http.ResponseController.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

func (a *answer) status() int {
	if a.code == 0 {
		return http.StatusOK
	}
	return a.code
}
