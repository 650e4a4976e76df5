package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"go.uber.org/dig"
	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"

	"github.com/eventsource-go/eventsource/apps/bank/database"
	"github.com/eventsource-go/eventsource/apps/bank/health"
	"github.com/eventsource-go/eventsource/apps/bank/httpapi"
	"github.com/eventsource-go/eventsource/apps/bank/httpserver"
	"github.com/eventsource-go/eventsource/apps/bank/ledger"
	"github.com/eventsource-go/eventsource/apps/bank/live"
	"github.com/eventsource-go/eventsource/apps/bank/readmodel"
	"github.com/eventsource-go/eventsource/apps/bank/web"
	"github.com/eventsource-go/eventsource/core/esfx"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/subscription"
	"github.com/eventsource-go/eventsource/stores/bunstore"
)

// serve runs the bank until it is told to stop, and then lets everything under way finish.
func serve(ctx context.Context, args []string, cfg config, stdout, stderr io.Writer) int {
	if code, ok := parseFlags(newFlags("serve"), args, stdout, stderr); !ok {
		return code
	}
	log := cfg.logger(stderr)
	log.LogAttrs(ctx, slog.LevelInfo, "configuration", cfg.shown...)
	if err := cfg.prepare(ctx); err != nil {
		log.Error("bank can't be opened", "error", err)
		return exitFailed
	}
	var server *httpserver.Server
	app := fx.New(wiring(cfg, log), fx.Populate(&server))
	if err := app.Err(); err != nil {
		log.Error("bank can't be opened", "error", dig.RootCause(err))
		return exitFailed
	}
	startCtx, cancel := context.WithTimeout(ctx, app.StartTimeout())
	defer cancel()
	if err := app.Start(startCtx); err != nil {
		log.Error("bank can't be opened", "error", err)
		return exitFailed
	}
	fmt.Fprintf(stdout, "bank is open at http://%s/\n", clickable(server.Addr()))

	code := exitOK
	select {
	case <-ctx.Done():
	case sig := <-app.Wait():
		code = sig.ExitCode
	}
	log.Info("bank is closing")
	stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cfg.shutdown)
	defer cancel()
	if err := app.Stop(stopCtx); err != nil {
		log.Error("bank did not close as it should", "error", err)
		return exitFailed
	}
	log.Info("bank is closed")
	return code
}

// wiring is the bank, put together. Everything in it can be made without fx, too.
func wiring(cfg config, log *slog.Logger) fx.Option {
	return fx.Options(
		fx.WithLogger(func() fxevent.Logger {
			l := &fxevent.SlogLogger{Logger: log}
			l.UseLogLevel(slog.LevelDebug)
			l.UseErrorLevel(slog.LevelDebug) // serve says it once, without the wiring
			return l
		}),
		fx.StopTimeout(cfg.shutdown),
		fx.Supply(cfg, log),

		// The events, and what is derived from them.
		storeModule(cfg),
		fx.Supply(subscription.Config{Log: log}),
		esfx.Module,
		esfx.Subscribe(newReadModels),
		esfx.Subscribe(func(store eventstore.Store, b *live.Broadcaster) subscription.Subscription {
			return live.NewSubscription(store, b)
		}),
		fx.Provide(func() *live.Broadcaster { return new(live.Broadcaster) }),

		// What the handlers use.
		fx.Provide(
			func(store eventstore.Store) *ledger.Ledger { return ledger.New(store, ledger.Config{}) },
			readmodel.NewReader,
			func(store eventstore.Store, group *subscription.Group) *readmodel.Waiter {
				return readmodel.NewWaiter(store, group)
			},
			newHealth,
			newAPI,
			newPages,
			newHandler,
			newServer,
		),
		esfx.Run[*httpserver.Server](),
	)
}

// newReadModels also prepares their tables, before anything runs.
func newReadModels(lc fx.Lifecycle, cfg config, db bunstore.Database) subscription.Subscription {
	lc.Append(fx.StartHook(func(ctx context.Context) error { return cfg.prepareTables(ctx, db) }))
	return readmodel.NewSubscription(db)
}

func newHealth(store database.Database, group *subscription.Group) *health.Health {
	return health.New(
		health.Check{Name: "store", Check: store.CheckSchema},
		health.Check{Name: "readmodels", Check: func(ctx context.Context) error { return readmodel.CheckSchema(ctx, store) }},
		health.Check{Name: "subscriptions", Check: working(group)},
	)
}

// errBehind is why a bank that has just been opened is not ready yet.
var errBehind = errors.New("still catching up with what happened before")

// working returns a check that fails while a subscription of the group does, or until each of
// them has been at the head once. Later ones may be behind for a moment at any time.
func working(group *subscription.Group) func(context.Context) error {
	var caughtUp atomic.Bool
	return func(context.Context) error {
		var errs []error
		atHead := true
		for _, s := range group.Status() {
			if !errors.Is(s.Failure, bunstore.ErrMoved) { // then another process is at work on the same database
				errs = append(errs, s.Failure)
			}
			atHead = atHead && s.AtHead
		}
		if atHead {
			caughtUp.Store(true)
		} else if !caughtUp.Load() {
			errs = append(errs, errBehind)
		}
		return errors.Join(errs...)
	}
}

func newAPI(cfg config, l *ledger.Ledger, r *readmodel.Reader, w *readmodel.Waiter, log *slog.Logger) *httpapi.API {
	return httpapi.New(l, r, w, httpapi.Config{Log: log, Actor: cfg.actor("api"), Timeout: cfg.timeout})
}

// actor says who makes a request: who the proxy says it is, or else otherwise.
func (cfg config) actor(otherwise string) func(*http.Request) string {
	return func(r *http.Request) string {
		if cfg.actorHeader != "" {
			if who := r.Header.Get(cfg.actorHeader); who != "" && len(who) <= 200 && utf8.ValidString(who) {
				return who
			}
		}
		return otherwise
	}
}

// pages is the handler of everything that has no path of its own.
type pages struct{ http.Handler }

func newPages(cfg config, l *ledger.Ledger, r *readmodel.Reader, w *readmodel.Waiter, b *live.Broadcaster, log *slog.Logger) (pages, error) {
	h, err := web.New(web.Config{Ledger: l, Reader: r, Waiter: w, Changes: b, Actor: cfg.actor("web"), Timeout: cfg.timeout, Log: log})
	return pages{h}, err
}

func newHandler(cfg config, api *httpapi.API, h *health.Health, p pages, log *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	api.Register(mux)
	h.Register(mux)
	mux.Handle("/", p)
	return httpserver.Guard(mux, httpserver.GuardConfig{MaxRequests: cfg.maxRequests, RequestTimeout: cfg.timeout, Streams: web.IsStream, Log: log})
}

// newServer listens, so that a port that is taken keeps the bank from opening. The drain takes
// what the shutdown has, without a second for the subscriptions and the store.
func newServer(cfg config, h http.Handler, hl *health.Health, b *live.Broadcaster, log *slog.Logger) (*httpserver.Server, error) {
	l, err := httpserver.Listen(context.Background(), cfg.address, cfg.anyPort)
	if err != nil {
		return nil, err
	}
	drain := max(cfg.shutdown-cfg.drainDelay-time.Second, cfg.shutdown/2)
	return httpserver.New(l, h, httpserver.Config{
		WriteTimeout: cfg.timeout + 10*time.Second, DrainDelay: cfg.drainDelay, DrainTimeout: drain, Log: log,
		OnDrain: func() {
			hl.Drain()
			b.Close()
		},
	}), nil
}

// clickable returns an address that a browser on this machine can open.
func clickable(addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok || !tcp.IP.IsUnspecified() {
		return addr.String()
	}
	return net.JoinHostPort("localhost", fmt.Sprint(tcp.Port))
}
