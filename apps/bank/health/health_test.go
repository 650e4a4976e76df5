package health_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"

	"github.com/eventsource-go/eventsource/apps/bank/health"
)

func ask(h *health.Health, path string) (int, string) {
	mux := http.NewServeMux()
	h.Register(mux)
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, http.NoBody))
	return w.Code, w.Body.String()
}

func TestHealth(t *testing.T) {
	var broken error
	h := health.New(
		health.Check{Name: "store", Check: func(context.Context) error { return broken }},
		health.Check{Name: "other", Check: func(context.Context) error { return nil }},
	)
	want := func(path string, status int, body string) {
		t.Helper()
		if code, got := ask(h, path); code != status || got != body+"\n" {
			t.Errorf("%s: %d %s", path, code, got)
		}
	}
	want("/livez", 200, `{"status":"ok"}`)
	want("/readyz", 200, `{"status":"ok"}`)
	broken = errors.New("disk full at /secret/path")
	want("/livez", 200, `{"status":"ok"}`)
	want("/readyz", 503, `{"status":"not ready","failing":["store"]}`)
	if failing := h.Ready(t.Context()); !errors.Is(failing["store"], broken) {
		t.Error(failing)
	}
	broken = nil
	want("/readyz", 200, `{"status":"ok"}`)
	h.Drain()
	want("/readyz", 503, `{"status":"not ready","failing":["drain"]}`)
	want("/livez", 200, `{"status":"ok"}`)
}

// A check that hangs is a check that fails.
func TestHangingCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := health.New(health.Check{Name: "store", Check: func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}})
		if failing := h.Ready(t.Context()); !errors.Is(failing["store"], context.DeadlineExceeded) {
			t.Error(failing)
		}
	})
}

// A check that panics is a check that fails.
func TestPanickingCheck(t *testing.T) {
	h := health.New(health.Check{Name: "store", Check: func(context.Context) error { panic("oh") }})
	if failing := h.Ready(t.Context()); failing["store"] == nil {
		t.Error("the bank is ready")
	}
}
