// Package httpserver is what the bank's handlers stand behind: a server with limits that ends
// without cutting anybody off, and [Guard], the things that every request goes through.
package httpserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"syscall"
	"time"
)

// Config holds what a [Server] may be told. The zero value is ready to use.
type Config struct {
	// ReadHeaderTimeout bounds how long a client may take for the headers. Defaults to 5 s.
	ReadHeaderTimeout time.Duration

	// ReadTimeout bounds how long a client may take for the whole request. Defaults to 10 s.
	ReadTimeout time.Duration

	// WriteTimeout bounds an answer. What streams extends it with an http.ResponseController.
	// Defaults to 30 s.
	WriteTimeout time.Duration

	// IdleTimeout is how long a connection is kept for the next request. Defaults to 60 s.
	IdleTimeout time.Duration

	// MaxHeaderBytes bounds the headers of a request. Defaults to 16 KiB.
	MaxHeaderBytes int

	// DrainDelay is how long requests are still taken after the drain has begun, so that load
	// balancers notice. Defaults to none.
	DrainDelay time.Duration

	// DrainTimeout bounds how long requests under way may take after that. Defaults to 15 s.
	DrainTimeout time.Duration

	// OnDrain is called when the drain begins: readiness ends, streams come to their end.
	OnDrain func()

	// Log is told what clients get wrong below HTTP. Defaults to slog.DiscardHandler.
	Log *slog.Logger
}

func (cfg Config) withDefaults() Config {
	orDefault := func(d *time.Duration, otherwise time.Duration) {
		if *d == 0 {
			*d = otherwise
		}
	}
	orDefault(&cfg.ReadHeaderTimeout, 5*time.Second)
	orDefault(&cfg.ReadTimeout, 10*time.Second)
	orDefault(&cfg.WriteTimeout, 30*time.Second)
	orDefault(&cfg.IdleTimeout, time.Minute)
	orDefault(&cfg.DrainTimeout, 15*time.Second)
	if cfg.MaxHeaderBytes == 0 {
		cfg.MaxHeaderBytes = 16 << 10
	}
	if cfg.OnDrain == nil {
		cfg.OnDrain = func() {}
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return cfg
}

// Server serves one handler on one listener.
type Server struct {
	cfg      Config
	listener net.Listener
	http     http.Server
}

// New returns a server that will take requests from l, which it then owns.
func New(l net.Listener, h http.Handler, cfg Config) *Server {
	cfg = cfg.withDefaults()
	s := &Server{cfg: cfg, listener: l}
	s.http = http.Server{
		Handler:           h,
		ReadHeaderTimeout: cfg.ReadHeaderTimeout,
		ReadTimeout:       cfg.ReadTimeout,
		WriteTimeout:      cfg.WriteTimeout,
		IdleTimeout:       cfg.IdleTimeout,
		// net/http adds 4 KiB of its own.
		MaxHeaderBytes: max(cfg.MaxHeaderBytes-4<<10, 1),
		ErrorLog:       slog.NewLogLogger(cfg.Log.Handler(), slog.LevelDebug),
	}
	return s
}

// Run takes requests until ctx is done. Then it calls OnDrain, takes no more, lets those under
// way finish, and returns nil, or an error if they did not finish in time and were cut off.
func (s *Server) Run(ctx context.Context) error {
	served := make(chan error, 1)
	go func() { served <- s.http.Serve(s.listener) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve %s: %w", s.listener.Addr(), err)
	case <-ctx.Done():
	}
	s.cfg.OnDrain()
	if s.cfg.DrainDelay > 0 {
		s.http.SetKeepAlivesEnabled(false)
		delay := time.NewTimer(s.cfg.DrainDelay)
		select {
		case <-delay.C:
		case err := <-served:
			delay.Stop()
			return fmt.Errorf("serve %s: %w", s.listener.Addr(), err)
		}
	}
	deadline, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.cfg.DrainTimeout)
	defer cancel()
	err := s.http.Shutdown(deadline)
	if err != nil {
		err = errors.Join(fmt.Errorf("drain: %w", err), s.http.Close())
	}
	if end := <-served; !errors.Is(end, http.ErrServerClosed) {
		err = errors.Join(err, fmt.Errorf("serve %s: %w", s.listener.Addr(), end))
	}
	return err
}

// Addr returns where the server listens.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Listen listens on address. If somebody else does, and anyPort is true, it takes a port that is
// free on the same host.
func Listen(ctx context.Context, address string, anyPort bool) (net.Listener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	if anyPort && errors.Is(err, syscall.EADDRINUSE) {
		host, _, _ := net.SplitHostPort(address)
		l, err = lc.Listen(ctx, "tcp", net.JoinHostPort(host, "0"))
	}
	return l, err
}
