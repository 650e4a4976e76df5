// Package httpapi is the bank over HTTP: JSON in, JSON or problem details out. The document at
// /openapi.json says it all to clients, and a test holds it and the handlers against each other.
//
// What is changed goes through the ledger, what is listed comes from the read models. A write
// answers with a Consistency-Token; a read that carries it waits until it shows that write.
package httpapi

import (
	"context"
	_ "embed"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/eventsource-go/eventsource/apps/bank/ledger"
	"github.com/eventsource-go/eventsource/apps/bank/problem"
	"github.com/eventsource-go/eventsource/apps/bank/readmodel"
	"github.com/eventsource-go/eventsource/core/event"
)

// Config holds what an [API] may be told. The zero value is ready to use.
type Config struct {
	// Actor says who makes a request, for the audit trail. It is to be taken from what has been
	// authenticated. Defaults to "api", whoever it is.
	Actor func(*http.Request) string

	// Timeout bounds the work for one request. Defaults to 10 s.
	Timeout time.Duration

	// AwaitTimeout bounds how long a read waits until it shows what its token stands for.
	// Defaults to 3 s.
	AwaitTimeout time.Duration

	// Log is told of errors that clients are not. Defaults to slog.DiscardHandler.
	Log *slog.Logger
}

// API is the handlers. It is safe for concurrent use.
type API struct {
	ledger *ledger.Ledger
	reader *readmodel.Reader
	waiter *readmodel.Waiter
	cfg    Config
}

// New returns the API of a bank.
func New(l *ledger.Ledger, r *readmodel.Reader, w *readmodel.Waiter, cfg Config) *API {
	if cfg.Actor == nil {
		cfg.Actor = func(*http.Request) string { return "api" }
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = 10 * time.Second
	}
	if cfg.AwaitTimeout == 0 {
		cfg.AwaitTimeout = 3 * time.Second
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &API{ledger: l, reader: r, waiter: w, cfg: cfg}
}

// route is one operation.
type route struct {
	method, path string
	handle       func(*API, http.ResponseWriter, *http.Request) error
}

var routes = []route{
	{http.MethodGet, "/api/v1/accounts", (*API).listAccounts},
	{http.MethodPost, "/api/v1/accounts", (*API).openAccount},
	{http.MethodGet, "/api/v1/accounts/{id}", (*API).showAccount},
	{http.MethodPost, "/api/v1/accounts/{id}/deposits", (*API).deposit},
	{http.MethodPost, "/api/v1/accounts/{id}/withdrawals", (*API).withdraw},
	{http.MethodPost, "/api/v1/accounts/{id}/freeze", (*API).freeze},
	{http.MethodPost, "/api/v1/accounts/{id}/unfreeze", (*API).unfreeze},
	{http.MethodPost, "/api/v1/accounts/{id}/close", (*API).closeAccount},
	{http.MethodGet, "/api/v1/accounts/{id}/statement", (*API).statement},
	{http.MethodGet, "/api/v1/accounts/{id}/events", (*API).events},
	{http.MethodPost, "/api/v1/transfers", (*API).transfer},
	{http.MethodGet, "/api/v1/audit", (*API).audit},
	{http.MethodGet, "/openapi.json", (*API).openapi},
}

// Register adds the API to mux, under /api/ and as /openapi.json. What is under /api/ and is no
// operation is answered with a problem too.
func (api *API) Register(mux *http.ServeMux) {
	methods := make(map[string][]string)
	for _, rt := range routes {
		mux.HandleFunc(rt.method+" "+rt.path, api.handler(rt))
		methods[rt.path] = append(methods[rt.path], rt.method)
		if rt.method == http.MethodGet {
			methods[rt.path] = append(methods[rt.path], http.MethodHead)
		}
	}
	for path, allowed := range methods {
		slices.Sort(allowed)
		allow := strings.Join(allowed, ", ")
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Allow", allow)
			problem.Write(w, problem.Details{Kind: problem.NoMethod})
		})
	}
	mux.HandleFunc("/api/", func(w http.ResponseWriter, _ *http.Request) {
		problem.Write(w, problem.Details{Kind: problem.NoRoute})
	})
}

func (api *API) handler(rt route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), api.cfg.Timeout)
		defer cancel()
		r = r.WithContext(event.WithActor(ctx, api.cfg.Actor(r)))
		if err := rt.handle(api, w, r); err != nil {
			api.fail(w, r, err)
		}
	}
}

//go:embed openapi.json
var document []byte

func (api *API) openapi(w http.ResponseWriter, r *http.Request) error {
	if err := onlyParameters(r); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-cache")
	// The error is that the client has gone.
	_, _ = w.Write(document)
	return nil
}
