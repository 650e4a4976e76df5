package httpserver_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/eventsource-go/eventsource/apps/bank/httpserver"
	"github.com/eventsource-go/eventsource/apps/bank/problem"
	"github.com/eventsource-go/eventsource/core/event"
)

func serve(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func get(headers ...string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/x", http.NoBody)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

var ok = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") })

// TestHeaders is what every answer says to a browser.
func TestHeaders(t *testing.T) {
	w := serve(httpserver.Guard(ok, httpserver.GuardConfig{}), get())
	for name, want := range map[string]string{
		"Content-Security-Policy":      "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
		"X-Content-Type-Options":       "nosniff",
		"X-Frame-Options":              "DENY",
		"Referrer-Policy":              "no-referrer",
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
		"Permissions-Policy":           "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
}

func TestMetadata(t *testing.T) {
	var md event.Metadata
	h := httpserver.Guard(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { md = event.MetadataFrom(r.Context()) }), httpserver.GuardConfig{})
	const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	w := serve(h, get("Request-Id", "my-1", "Traceparent", trace))
	if w.Header().Get("Request-Id") != "my-1" || md.Correlation != "my-1" || md.Trace != trace {
		t.Error(w.Header(), md)
	}
	for _, id := range []string{"", "a b", "<script>", strings.Repeat("x", 65), "é", "-x", "a\tb"} {
		w := serve(h, get("Request-Id", id, "Traceparent", "01-"+trace[3:]))
		got := w.Header().Get("Request-Id")
		if got == id || len(got) != 36 || md.Correlation != got || md.Trace != "" {
			t.Errorf("%q became %q, %+v", id, got, md)
		}
	}
	if first, second := serve(h, get()).Header().Get("Request-Id"), serve(h, get()).Header().Get("Request-Id"); first == second {
		t.Error("two requests are", first)
	}
}

// kindOf returns the kind of problem that an answer is.
func kindOf(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	var p struct{ Type, RequestID string }
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Header().Get("Content-Type") != problem.MediaType || p.RequestID == "" {
		t.Fatalf("%v: %v %s", err, w.Header(), w.Body)
	}
	return strings.TrimPrefix(p.Type, "urn:problem-type:bank:")
}

func TestPanic(t *testing.T) {
	var log bytes.Buffer
	cfg := httpserver.GuardConfig{Log: slog.New(slog.NewTextHandler(&log, nil))}
	w := serve(httpserver.Guard(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("the secret") }), cfg), get())
	if w.Code != 500 || kindOf(t, w) != "internal-error" {
		t.Error(w.Code, w.Body)
	}
	if text := log.String() + w.Body.String(); strings.Contains(text, "the secret") || !strings.Contains(text, "guard_test.go") || !strings.Contains(text, "status=500") {
		t.Error(text)
	}
	// Half an answer must not look like a whole one.
	half := httpserver.Guard(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "half")
		panic("x")
	}), cfg)
	defer func() {
		if p := recover(); p != http.ErrAbortHandler {
			t.Error("ended with", p)
		}
	}()
	serve(half, get())
}

func TestLimits(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	h := httpserver.Guard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Wait") != "" {
			entered <- struct{}{}
			<-leave
		}
	}), httpserver.GuardConfig{
		MaxRequests: 2, MaxStreams: 1,
		Streams: func(r *http.Request) bool { return r.Header.Get("Stream") != "" },
	})
	done := make(chan struct{})
	start := func(headers ...string) {
		go func() {
			serve(h, get(append(headers, "Wait", "1")...))
			done <- struct{}{}
		}()
		<-entered
	}
	refused := func(headers ...string) bool {
		w := serve(h, get(headers...))
		return w.Code == 503 && kindOf(t, w) == "overloaded" && w.Header().Get("Retry-After") == "1"
	}
	start()
	if refused() {
		t.Error("there was room for another one")
	}
	start("Stream", "1") // does not count as a request
	start()
	if !refused() {
		t.Error("there was no room for a third request")
	}
	if !refused("Stream", "1") {
		t.Error("there was no room for a second stream")
	}
	close(leave)
	for range 3 {
		<-done
	}
	if refused() || refused("Stream", "1") {
		t.Error("there is room again")
	}
}

// A request has so long, a stream has for ever.
func TestRequestTimeout(t *testing.T) {
	for want, cfg := range map[time.Duration]httpserver.GuardConfig{20 * time.Second: {}, 3 * time.Second: {RequestTimeout: 3 * time.Second}} {
		synctest.Test(t, func(t *testing.T) {
			cfg.Streams = func(r *http.Request) bool { return r.Header.Get("Stream") != "" }
			started := time.Now()
			h := httpserver.Guard(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				if _, ends := r.Context().Deadline(); r.Header.Get("Stream") != "" {
					if ends {
						t.Error("a stream is to end")
					}
					return
				}
				<-r.Context().Done()
				if got := time.Since(started); got != want || !errors.Is(r.Context().Err(), context.DeadlineExceeded) {
					t.Errorf("it had %v, want %v: %v", got, want, r.Context().Err())
				}
			}), cfg)
			serve(h, get())
			serve(h, get("Stream", "1"))
		})
	}
}

func TestBodyLimit(t *testing.T) {
	h := httpserver.Guard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.ReadAll(r.Body); err != nil {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		}
	}), httpserver.GuardConfig{MaxBodyBytes: 10})
	for n, want := range map[int]int{9: 200, 10: 200, 11: 413} {
		if w := serve(h, httptest.NewRequest(http.MethodPost, "/", strings.NewReader(strings.Repeat("x", n)))); w.Code != want {
			t.Errorf("%d bytes: %d", n, w.Code)
		}
	}
}

// Other sites can't make a browser write for them.
func TestCrossOrigin(t *testing.T) {
	h := httpserver.Guard(ok, httpserver.GuardConfig{})
	for _, c := range []struct {
		method  string
		headers []string
		want    int
	}{
		{"POST", nil, 200}, // no browser
		{"POST", []string{"Sec-Fetch-Site", "same-origin"}, 200},
		{"POST", []string{"Sec-Fetch-Site", "none"}, 200},
		{"POST", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"POST", []string{"Sec-Fetch-Site", "same-site"}, 403},
		{"POST", []string{"Origin", "http://example.com"}, 200}, // the host of the request
		{"POST", []string{"Origin", "https://evil.example"}, 403},
		{"POST", []string{"Origin", "null"}, 403},
		{"DELETE", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"GET", []string{"Sec-Fetch-Site", "cross-site"}, 200},
	} {
		r := get(c.headers...)
		r.Method = c.method
		w := serve(h, r)
		if w.Code != c.want || w.Code == 403 && kindOf(t, w) != "cross-origin-request" {
			t.Errorf("%s %v: %d", c.method, c.headers, w.Code)
		}
	}
}

// The log says what was asked for by route, so that no account's number is in it.
func TestAccessLog(t *testing.T) {
	var log bytes.Buffer
	mux := http.NewServeMux()
	mux.HandleFunc("GET /accounts/{id}", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	h := httpserver.Guard(mux, httpserver.GuardConfig{Log: slog.New(slog.NewTextHandler(&log, nil)), Now: func() time.Time {
		now = now.Add(time.Millisecond)
		return now
	}})
	serve(h, httptest.NewRequest(http.MethodGet, "/accounts/4711?owner=ann", http.NoBody))
	if text := log.String(); strings.Contains(text, "4711") || strings.Contains(text, "ann") || !strings.Contains(text, `route="GET /accounts/{id}" status=418 took=1ms`) {
		t.Error(text)
	}
}
