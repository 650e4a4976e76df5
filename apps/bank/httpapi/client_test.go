package httpapi_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/eventsource-go/eventsource/apps/bank/banktest"
	"github.com/eventsource-go/eventsource/apps/bank/database"
	"github.com/eventsource-go/eventsource/apps/bank/health"
	"github.com/eventsource-go/eventsource/apps/bank/httpapi"
	"github.com/eventsource-go/eventsource/apps/bank/httpserver"
	"github.com/eventsource-go/eventsource/apps/bank/ledger"
	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

func TestMain(m *testing.M) { os.Exit(postgrestest.Main(m.Run)) }

// client talks to a bank, and holds every exchange against the document.
type client struct {
	*testing.T
	bank     *banktest.Bank
	health   *health.Health
	handler  http.Handler
	contract *contract
}

func newClient(t *testing.T, b *banktest.Bank, cfg httpapi.Config) *client {
	if cfg.AwaitTimeout == 0 {
		cfg.AwaitTimeout = 10 * time.Second
	}
	c := &client{T: t, bank: b, health: health.New(), contract: readContract(t)}
	mux := http.NewServeMux()
	httpapi.New(b.Ledger, b.Reader, b.Waiter, cfg).Register(mux)
	c.health.Register(mux)
	c.handler = mux
	return c
}

func start(t *testing.T) *client { return startAt(t, database.InMemory) }

func startAt(t *testing.T, address string) *client {
	return newClient(t, banktest.StartAt(t, address, ledger.Config{}), httpapi.Config{})
}

// guarded puts what every request goes through in front.
func (c *client) guarded() *client {
	g := *c
	inner := c.handler
	g.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var routed *http.Request
		httpserver.Guard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			routed = r
			inner.ServeHTTP(w, r)
		}), httpserver.GuardConfig{}).ServeHTTP(w, r)
		if routed != nil {
			r.Pattern = routed.Pattern
		}
	})
	return &g
}

type answer struct {
	*httptest.ResponseRecorder
	Problem string         // the name of the problem's kind
	Body    map[string]any // the JSON
}

// headers are pairs of name and value.
func (c *client) do(method, target, body string, headers ...string) answer {
	c.Helper()
	var r *http.Request
	if body != "" || method == http.MethodPost {
		r = httptest.NewRequest(method, target, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
	} else {
		r = httptest.NewRequest(method, target, http.NoBody)
	}
	for i := 0; i < len(headers); i += 2 {
		if r.Header.Del(headers[i]); headers[i+1] != "" {
			r.Header.Set(headers[i], headers[i+1])
		}
	}
	a := answer{ResponseRecorder: c.contract.do(c.T, c.handler, r)}
	if a.ResponseRecorder.Body.Len() > 0 {
		if err := json.Unmarshal(a.ResponseRecorder.Body.Bytes(), &a.Body); err != nil {
			c.Fatal(err)
		}
	}
	if kind, ok := a.Body["type"].(string); ok {
		a.Problem = strings.TrimPrefix(kind, "urn:problem-type:bank:")
	}
	if (strings.HasPrefix(a.Problem, "invalid-") || a.Problem == "malformed-request") && a.Body["detail"] == nil {
		c.Errorf("%s does not say what it is: %s", a.Problem, a.ResponseRecorder.Body)
	}
	return a
}

func (c *client) get(target string, headers ...string) answer {
	c.Helper()
	return c.do(http.MethodGet, target, "", headers...)
}

func (c *client) post(target, body string, headers ...string) answer {
	c.Helper()
	return c.do(http.MethodPost, target, body, headers...)
}

// want requires a status, and the kind of problem if it is one.
func (c *client) want(a answer, status int, kind string) answer {
	c.Helper()
	if a.Code != status || a.Problem != kind {
		c.Errorf("status %d %s, want %d %s: %s", a.Code, a.Problem, status, kind, a.ResponseRecorder.Body)
	}
	return a
}

// open opens an account and returns its path.
func (c *client) open(balance string) string {
	c.Helper()
	a := c.want(c.post("/api/v1/accounts", `{"owner":"Ann","currency":"EUR"}`), http.StatusCreated, "")
	path := a.Header().Get("Location")
	if balance != "" {
		c.want(c.post(path+"/deposits", `{"amount":"`+balance+`","currency":"EUR"}`), http.StatusOK, "")
	}
	return path
}

func id(path string) string { return path[strings.LastIndex(path, "/")+1:] }
