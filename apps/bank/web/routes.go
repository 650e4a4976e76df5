package web

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/eventsource-go/eventsource/core/event"
)

// page answers a request, or returns why it can't: see [site.fail].
type page func(w http.ResponseWriter, r *http.Request) error

func (s *site) routes() *http.ServeMux {
	mux := http.NewServeMux()
	methods := make(map[string][]string)
	add := func(method, path string, h http.HandlerFunc) {
		mux.HandleFunc(method+" "+path, h)
		methods[path] = append(methods[path], method)
	}
	get := func(path string, p page) { add(http.MethodGet, path, s.handler(p)) }
	post := func(path string, p page) { add(http.MethodPost, path, s.handler(p)) }

	get("/{$}", s.listAccounts)
	get(findPath, s.findAccount)
	get("/open", s.showOpenForm)
	get("/accounts", toList)
	post("/open", s.openAccount)
	get("/accounts/{id}", s.showAccount)
	get("/accounts/{id}/history", s.showHistory)
	for _, a := range actions {
		post("/accounts/{id}/"+a.name, s.act(a))
		get("/accounts/{id}/"+a.name, toAccount)
	}
	get("/audit", s.showAudit)
	add(http.MethodGet, livePath, s.stream)
	add(http.MethodGet, "/static/{name}", serveAsset)

	for path, allowed := range methods {
		if slices.Contains(allowed, http.MethodGet) {
			allowed = append(allowed, http.MethodHead)
		}
		slices.Sort(allowed)
		allow := strings.Join(allowed, ", ")
		mux.HandleFunc(path, s.handler(func(w http.ResponseWriter, _ *http.Request) error {
			w.Header().Set("Allow", allow)
			return errNoMethod
		}))
	}
	mux.HandleFunc("/", s.handler(func(http.ResponseWriter, *http.Request) error { return errNoPage }))
	return mux
}

// handler bounds the work for p and says who is at it.
func (s *site) handler(p page) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), s.cfg.Timeout)
		defer cancel()
		r = r.WithContext(event.WithActor(ctx, s.cfg.Actor(r)))
		if err := p(w, r); err != nil {
			s.fail(w, r, err)
		}
	}
}

// toAccount answers who asks for the address of a form, as a reload after a refusal does.
func toAccount(w http.ResponseWriter, r *http.Request) error {
	http.Redirect(w, r, accountPath(r.PathValue("id")), http.StatusSeeOther)
	return nil
}

func toList(w http.ResponseWriter, r *http.Request) error {
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}
