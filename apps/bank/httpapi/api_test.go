package httpapi_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/eventsource-go/eventsource/apps/bank/banktest"
	"github.com/eventsource-go/eventsource/apps/bank/httpapi"
	"github.com/eventsource-go/eventsource/apps/bank/ledger"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// TestContract holds the document and the handlers against each other, both ways.
func TestContract(t *testing.T) { banktest.Each(t, testContract) }

func testContract(t *testing.T, newDatabase func(testing.TB) string) {
	c := startAt(t, newDatabase(t))
	c.exerciseEverything()
	for _, name := range c.contract.missing() {
		t.Errorf("documented, and not exercised: %s", name)
	}
	documented := make(map[string]bool)
	c.contract.operations(func(method, path string, _ map[string]any) { documented[method+" "+path] = true })
	for _, pattern := range append(httpapi.Patterns(), "GET /livez", "GET /readyz") {
		if !documented[pattern] {
			t.Errorf("handled, and not documented: %s", pattern)
		}
		delete(documented, pattern)
	}
	for pattern := range documented {
		t.Errorf("documented, and not handled: %s", pattern)
	}
}

// exerciseEverything leads to every answer that is documented.
func (c *client) exerciseEverything() {
	c.Helper()
	ann, bob := c.open("100"), c.open("")
	money := `{"amount":"1.50","currency":"EUR","reference":"x"}`
	c.want(c.post(ann+"/withdrawals", money), 200, "")
	c.want(c.post(ann+"/freeze", `{"reason":"lost"}`), 200, "")
	c.want(c.post(ann+"/unfreeze", `{"reason":"found"}`), 200, "")
	order := `{"from":"` + id(ann) + `","to":"` + id(bob) + `","amount":"10","currency":"EUR","reference":"lunch"}`
	moved := c.want(c.post("/api/v1/transfers", order), 201, "")
	token := moved.Header().Get("Consistency-Token")
	for _, list := range []string{"/api/v1/accounts", "/api/v1/audit", ann + "/statement"} {
		c.want(c.get(list+"?limit=1", "Consistency-Token", token), 200, "")
		c.want(c.get(list+"?limit=0"), 400, "invalid-parameter")
		c.want(c.get(list, "Consistency-Token", "x"), 400, "invalid-consistency-token")
	}
	c.want(c.get(ann+"/events?limit=2"), 200, "")
	c.want(c.get(ann+"/events?cursor=x"), 400, "invalid-parameter")
	shown := c.want(c.get(ann, "Consistency-Token", token), 200, "")
	c.want(c.get(ann, "If-None-Match", shown.Header().Get("ETag")), 304, "")
	c.want(c.get(ann+"?asOf=yesterday"), 400, "invalid-parameter")
	c.want(c.get("/openapi.json?x=y"), 400, "invalid-parameter")
	c.want(c.get("/openapi.json"), 200, "")
	for _, missing := range []string{"", "/statement", "/events"} {
		c.want(c.get("/api/v1/accounts/nobody"+missing), 404, "account-not-found")
	}
	changes := map[string]string{"/deposits": money, "/withdrawals": money, "/freeze": `{"reason":"r"}`, "/unfreeze": `{"reason":"r"}`, "/close": `{}`}
	for path, body := range changes {
		c.want(c.post("/api/v1/accounts/nobody"+path, body), 404, "account-not-found")
		c.want(c.post(ann+path, body, "If-Match", `"1"`), 412, "version-changed")
	}
	c.want(c.post("/api/v1/transfers", order, "If-Match", `"1"`), 412, "version-changed")
	c.want(c.post(ann+"/close", `{"reason":"moved"}`), 422, "account-not-empty")
	c.want(c.post(ann+"/unfreeze", `{"reason":"found"}`), 422, "account-not-frozen")
	c.want(c.post(ann+"/freeze", `{"reason":""}`), 422, "invalid-value")
	c.want(c.post(ann+"/deposits", `{"amount":"0.001","currency":"EUR"}`), 422, "invalid-value")
	c.want(c.post(ann+"/withdrawals", `{"amount":"1000","currency":"EUR"}`), 422, "insufficient-funds")
	c.want(c.post("/api/v1/transfers", strings.Replace(order, id(bob), "nobody", 1)), 422, "unknown-account")
	c.want(c.post("/api/v1/accounts", `{"owner":"","currency":"EUR"}`), 422, "invalid-value")
	empty := c.open("")
	c.want(c.post(empty+"/close", `{"reason":"moved"}`), 200, "")
	large := `{"reason":"` + strings.Repeat("x", 64<<10) + `"}`
	for _, path := range []string{"/api/v1/accounts", "/api/v1/transfers", ann + "/deposits", ann + "/withdrawals", ann + "/freeze", ann + "/unfreeze", ann + "/close"} {
		c.want(c.post(path, `{`), 400, "malformed-request")
		c.want(c.post(path, `{}`, "Content-Type", "text/plain"), 415, "unsupported-media-type")
		c.want(c.guarded().post(path, large), 413, "request-too-large")
	}
	c.want(c.get("/livez"), 200, "")
	c.want(c.get("/readyz"), 200, "")
	c.health.Drain()
	c.want(c.get("/readyz"), 503, "")
	c.afterTheEnd(ann, order, money)
}

// afterTheEnd asks for everything of a bank whose store is closed.
func (c *client) afterTheEnd(ann, order, money string) {
	c.Helper()
	if err := c.bank.Store.Close(); err != nil {
		c.Fatal(err)
	}
	for _, path := range []string{"/api/v1/accounts", "/api/v1/audit", ann, ann + "/statement"} {
		if a := c.get(path); a.Code < 500 {
			c.Errorf("%s is answered with %d", path, a.Code)
		}
	}
	c.want(c.get(ann+"/events"), 503, "shutting-down")
	c.want(c.post("/api/v1/accounts", `{"owner":"Ann","currency":"EUR"}`), 503, "shutting-down")
	c.want(c.post("/api/v1/transfers", order), 503, "shutting-down")
	for _, path := range []string{"/deposits", "/withdrawals"} {
		c.want(c.post(ann+path, money), 503, "shutting-down")
	}
	for _, path := range []string{"/freeze", "/unfreeze", "/close"} {
		c.want(c.post(ann+path, `{"reason":"r"}`), 503, "shutting-down")
	}
}

func TestAccount(t *testing.T) { banktest.Each(t, testAccount) }

func testAccount(t *testing.T, newDatabase func(testing.TB) string) {
	c := startAt(t, newDatabase(t))
	path := c.open("12.3")
	res := c.want(c.post(path+"/withdrawals", `{"amount":"2.30","currency":"EUR","reference":"cash"}`), 200, "")
	for name, want := range map[string]any{"id": id(path), "owner": "Ann", "status": "open", "balance": "10.00", "currency": "EUR", "version": 3.0} {
		if res.Body[name] != want {
			t.Errorf("%s is %v, want %v", name, res.Body[name], want)
		}
	}
	if tag := res.Header().Get("ETag"); tag != `"3"` {
		t.Error(tag)
	}
	shown := c.get(path, "Consistency-Token", res.Header().Get("Consistency-Token"))
	if shown.Body["balance"] != "10.00" || shown.Body["openedAt"] == nil || shown.Header().Get("ETag") != `"3"` {
		t.Error(shown.Body)
	}
	if byParameter := c.get(path + "?after=" + res.Header().Get("Consistency-Token")); byParameter.Body["version"] != 3.0 {
		t.Error(byParameter.Body)
	}
	c.want(c.post(path+"/deposits", `{"amount":"1","currency":"EUR"}`, "If-Match", `"3"`), 200, "")
	stale := c.want(c.post(path+"/deposits", `{"amount":"1","currency":"EUR"}`, "If-Match", `"3"`), 412, "version-changed")
	if stale.Header().Get("ETag") != `"4"` || stale.Body["version"] != 4.0 || stale.Body["account"] != id(path) {
		t.Error(stale.Header(), stale.Body)
	}
	c.want(c.post(path+"/deposits", `{"amount":"1","currency":"EUR"}`, "If-Match", stale.Header().Get("ETag")), 200, "")
	for _, tag := range []string{`3`, `W/"3"`, `"3", "4"`, `*`, `"0"`, `"03"`, `"-1"`, `"x"`, `"`} {
		c.want(c.post(path+"/deposits", `{"amount":"1","currency":"EUR"}`, "If-Match", tag), 400, "invalid-precondition")
	}
	c.want(c.post("/api/v1/accounts", `{"owner":"Ann","currency":"EUR"}`, "If-Match", `"3"`), 400, "invalid-precondition")
}

func TestTimeTravel(t *testing.T) { banktest.Each(t, testTimeTravel) }

func testTimeTravel(t *testing.T, newDatabase func(testing.TB) string) {
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	c := newClient(t, banktest.StartAt(t, newDatabase(t), ledger.Config{Now: func() time.Time { return now }}), httpapi.Config{})
	path := c.open("100")
	now = now.AddDate(0, 1, 0)
	c.want(c.post(path+"/withdrawals", `{"amount":"30","currency":"EUR"}`), 200, "")
	for at, want := range map[string]string{
		"1": "0.00", "2": "100.00", "3": "70.00",
		"2026-01-15T00:00:00Z": "100.00", "2026-01-15T00:00:00.000001%2B01:00": "100.00", "2026-03-01T00:00:00Z": "70.00",
	} {
		if a := c.want(c.get(path+"?asOf="+at), 200, ""); a.Body["balance"] != want {
			t.Errorf("as of %s it is %v, want %s", at, a.Body["balance"], want)
		}
	}
	c.want(c.get(path+"?asOf=4"), 404, "version-not-found")
	c.want(c.get(path+"?asOf=2025-12-31T00:00:00Z"), 404, "account-not-found")
	for _, at := range []string{"0", "-1", "01", "x", "2026-01-15", "1e3", "99999999999999999999"} {
		c.want(c.get(path+"?asOf="+at), 400, "invalid-parameter")
	}
	for _, at := range []string{"2026-01-15T00:00:00+01:00", "2026-01-15T00:00:00.5+00:00"} { // a + in a query is a space
		if a := c.want(c.get(path+"?asOf="+at), 400, "invalid-parameter"); a.Body["field"] != "asOf" || a.Body["detail"] != "In a query, write + as %2B." {
			t.Error(at, a.Body)
		}
	}
	c.want(c.get(path+"?asOf="), 400, "invalid-parameter")
}

func TestIdempotencyKey(t *testing.T) { banktest.Each(t, testIdempotencyKey) }

func testIdempotencyKey(t *testing.T, newDatabase func(testing.TB) string) {
	c := startAt(t, newDatabase(t))
	first := c.want(c.post("/api/v1/accounts", `{"owner":"Ann","currency":"EUR"}`, "Idempotency-Key", "a"), 201, "")
	again := c.want(c.post("/api/v1/accounts", ` {"currency":"EUR" , "owner":"Ann"}`, "Idempotency-Key", "a"), 201, "")
	if again.Header().Get("Idempotency-Replayed") != "true" || again.ResponseRecorder.Body.String() != first.ResponseRecorder.Body.String() ||
		again.Header().Get("Consistency-Token") != first.Header().Get("Consistency-Token") || first.Header().Get("Idempotency-Replayed") != "" {
		t.Error(again.Header(), again.Body)
	}
	c.want(c.post("/api/v1/accounts", `{"owner":"Bob","currency":"EUR"}`, "Idempotency-Key", "a"), 422, "idempotency-key-reused")
	path := first.Header().Get("Location")
	for range 3 {
		c.want(c.post(path+"/deposits", `{"amount":"1.00","currency":"EUR"}`, "Idempotency-Key", "d"), 200, "")
	}
	if a := c.get(path + "?asOf=2"); a.Body["balance"] != "1.00" {
		t.Error(a.Body)
	}
	c.want(c.get(path+"?asOf=3"), 404, "version-not-found")
	for _, key := range []string{"two words", strings.Repeat("k", 129), "é"} {
		c.want(c.post(path+"/deposits", `{"amount":"1","currency":"EUR"}`, "Idempotency-Key", key), 400, "invalid-parameter")
	}
}

func TestPaging(t *testing.T) { banktest.Each(t, testPaging) }

func testPaging(t *testing.T, newDatabase func(testing.TB) string) {
	c := startAt(t, newDatabase(t))
	path := c.open("")
	var token string
	for range 5 {
		token = c.post(path+"/deposits", `{"amount":"1","currency":"EUR"}`).Header().Get("Consistency-Token")
	}
	for list, want := range map[string]string{path + "/statement": "65432", path + "/events": "123456", "/api/v1/audit?account=" + id(path): "654321"} {
		sep := "?"
		if strings.Contains(list, "?") {
			sep = "&"
		}
		next, got := list+sep+"limit=2", ""
		for next != "" {
			a := c.want(c.get(next, "Consistency-Token", map[bool]string{true: token}[!strings.Contains(list, "events")]), 200, "")
			for _, item := range a.Body["items"].([]any) {
				got += fmt.Sprint(item.(map[string]any)["version"])
			}
			next, _, _ = strings.Cut(strings.TrimPrefix(a.Header().Get("Link"), "<"), ">")
			if (next == "") != (a.Body["next"] == nil) {
				t.Errorf("link %q, next %v", next, a.Body["next"])
			}
		}
		if got != want {
			t.Errorf("%s has versions %s, want %s", list, got, want)
		}
	}
	for _, query := range []string{"limit=201", "limit=-1", "limit=x", "limit=1&limit=2", "cursor=x", "offset=1", "limit=1;cursor=x", "cursor=", "limit=", "owner=", "after="} {
		c.want(c.get("/api/v1/accounts?"+query), 400, "invalid-parameter")
	}
}

func TestAccountsOfAnOwner(t *testing.T) { banktest.Each(t, testAccountsOfAnOwner) }

func testAccountsOfAnOwner(t *testing.T, newDatabase func(testing.TB) string) {
	c := startAt(t, newDatabase(t))
	var token string
	for _, owner := range []string{"Anna", "Bob", "ANNE", "Joanna"} {
		token = c.post("/api/v1/accounts", `{"owner":"`+owner+`","currency":"EUR"}`).Header().Get("Consistency-Token")
	}
	next, got := "/api/v1/accounts?owner=aNn&limit=1", ""
	for next != "" {
		a := c.want(c.get(next, "Consistency-Token", token), 200, "")
		for _, item := range a.Body["items"].([]any) {
			got += fmt.Sprint(item.(map[string]any)["owner"], " ")
		}
		next, _, _ = strings.Cut(strings.TrimPrefix(a.Header().Get("Link"), "<"), ">")
	}
	if got != "Anna ANNE " {
		t.Error(got)
	}
	if a := c.want(c.get("/api/v1/accounts?owner=%ff"), 200, ""); len(a.Body["items"].([]any)) != 0 {
		t.Error(a.Body)
	}
	a := c.get("/api/v1/accounts?owner=ann&limit=1")
	c.want(c.get("/api/v1/accounts?cursor="+a.Body["next"].(string)), 400, "invalid-parameter")
}

// overtaken is a store in which others are always faster on one stream.
type overtaken struct {
	eventstore.Store
	stream string
}

func (s overtaken) Append(ctx context.Context, appends ...eventstore.Append) ([]eventstore.AppendResult, error) {
	for _, a := range appends {
		if a.Stream.ID == s.stream {
			return nil, &eventstore.ConflictError{Stream: a.Stream, Expected: a.Expect, Actual: 7}
		}
	}
	return s.Store.Append(ctx, appends...)
}

// If-Match of a transfer is about the paying account: that others were faster on the receiving
// one is nothing that the client could have known.
func TestReceivingAccountIsOvertaken(t *testing.T) {
	b := banktest.Start(t, ledger.Config{})
	ann, bob := b.OpenAccount("Ann", 100), b.OpenAccount("Bob", 0)
	order := `{"from":"` + ann + `","to":"` + bob + `","amount":"1","currency":"EUR"}`
	for stream, want := range map[string]string{bob: "409 conflict", ann: "412 version-changed"} {
		slow := *b
		slow.Ledger = ledger.New(overtaken{b.Store, stream}, ledger.Config{})
		c := newClient(t, &slow, httpapi.Config{})
		a := c.post("/api/v1/transfers", order, "If-Match", `"2"`)
		if got := fmt.Sprint(a.Code, " ", a.Problem); got != want || a.Body["account"] != stream || (a.Body["version"] != nil) != (a.Code == 412) {
			t.Errorf("%s: %v, want %s", got, a.Body, want)
		}
	}
}

func TestConsistencyToken(t *testing.T) { banktest.Each(t, testConsistencyToken) }

func testConsistencyToken(t *testing.T, newDatabase func(testing.TB) string) {
	c := startAt(t, newDatabase(t))
	c.open("1")
	other := startAt(t, newDatabase(t))
	foreign := other.post("/api/v1/accounts", `{"owner":"Ann","currency":"EUR"}`).Header().Get("Consistency-Token")
	for _, token := range []string{foreign, "x", "0x1", strings.Replace(foreign, ".", ".-", 1)} {
		c.want(c.get("/api/v1/accounts", "Consistency-Token", token), 400, "invalid-consistency-token")
	}
	// A bank whose read side stands still says so, instead of showing what is old.
	still := newClient(t, banktest.Open(t, newDatabase(t), ledger.Config{}), httpapi.Config{AwaitTimeout: time.Millisecond})
	token := still.post("/api/v1/accounts", `{"owner":"Ann","currency":"EUR"}`).Header().Get("Consistency-Token")
	a := still.want(still.get("/api/v1/accounts", "Consistency-Token", token), 503, "not-yet-consistent")
	if a.Header().Get("Retry-After") != "1" {
		t.Error(a.Header())
	}
}

func TestNoRoute(t *testing.T) {
	c := start(t)
	for target, want := range map[string]int{"GET /api/": 404, "GET /api/v2/accounts": 404, "DELETE /api/v1/accounts": 405, "PUT /api/v1/accounts/1": 405, "GET /api/v1/transfers": 405} {
		method, path, _ := strings.Cut(target, " ")
		w := httptest.NewRecorder()
		c.handler.ServeHTTP(w, httptest.NewRequest(method, path, http.NoBody))
		if w.Code != want || w.Header().Get("Content-Type") != "application/problem+json" || want == 405 && w.Header().Get("Allow") == "" {
			t.Errorf("%s: %d %v %s", target, w.Code, w.Header(), w.Body)
		}
	}
}
