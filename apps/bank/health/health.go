// Package health answers the questions of whoever runs the bank: does it live, and is it ready.
package health

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// ErrDraining is why a bank that is closing is not ready.
var ErrDraining = errors.New("draining")

// A Check says why the bank is not ready; nil if it is, as far as it can tell. Checks run at once.
type Check struct {
	Name  string
	Check func(ctx context.Context) error
}

// Health is what there is to check. It is safe for concurrent use.
type Health struct {
	checks   []Check
	timeout  time.Duration
	draining atomic.Bool
}

// New returns a Health of these checks, which have two seconds.
func New(checks ...Check) *Health { return &Health{checks: checks, timeout: 2 * time.Second} }

// Drain makes the bank not ready for good.
func (h *Health) Drain() { h.draining.Store(true) }

// run is the check; one that panics fails.
func (c Check) run(ctx context.Context) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	return c.Check(ctx)
}

// Ready returns what each failing check says, by name; nothing if the bank is ready.
func (h *Health) Ready(ctx context.Context) map[string]error {
	failing := make(map[string]error)
	if h.draining.Load() {
		failing["drain"] = ErrDraining
	}
	ctx, cancel := context.WithTimeout(ctx, h.timeout)
	defer cancel()
	errs := make([]error, len(h.checks))
	var all sync.WaitGroup
	for i, c := range h.checks {
		all.Go(func() { errs[i] = c.run(ctx) })
	}
	all.Wait()
	for i, err := range errs {
		if err != nil {
			failing[h.checks[i].Name] = err
		}
	}
	return failing
}

// Register adds GET /livez, which is 200 as long as requests are answered at all, and GET
// /readyz, which is 200 when the bank is ready and 503 when it is not; the body names the checks,
// not what they say, which is for the log.
func (h *Health) Register(mux *http.ServeMux) {
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, report{Status: "ok"})
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		failing := h.Ready(r.Context())
		if len(failing) == 0 {
			answer(w, http.StatusOK, report{Status: "ok"})
			return
		}
		rep := report{Status: "not ready", Failing: []string{}}
		if failing["drain"] != nil {
			rep.Failing = append(rep.Failing, "drain")
		}
		for _, c := range h.checks {
			if failing[c.Name] != nil {
				rep.Failing = append(rep.Failing, c.Name)
			}
		}
		answer(w, http.StatusServiceUnavailable, rep)
	})
}

type report struct {
	Status  string   `json:"status"`
	Failing []string `json:"failing,omitempty"`
}

func answer(w http.ResponseWriter, status int, rep report) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	// The error is that the client has gone.
	_ = json.NewEncoder(w).Encode(rep)
}
