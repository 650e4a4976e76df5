package web_test

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/eventsource-go/eventsource/apps/bank/account"
	"github.com/eventsource-go/eventsource/apps/bank/httpserver"
	"github.com/eventsource-go/eventsource/apps/bank/web"
)

var update = flag.Bool("update", false, "write testdata anew")

func TestHeaders(t *testing.T) {
	v := visit(t)
	id := v.OpenAccount("Ann", 100)
	v.CatchUp()
	var got strings.Builder
	snapshot := func(name string, status int, h http.Header) {
		fmt.Fprintf(&got, "%s\n%d\n", name, status)
		for _, key := range slices.Sorted(maps.Keys(h)) {
			switch key {
			case "Date", "Content-Length", "Etag":
			default:
				fmt.Fprintf(&got, "%s: %s\n", key, strings.Join(h[key], " | "))
			}
		}
		got.WriteString("\n")
	}
	v.server.Client().CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	for _, p := range []string{"/", path(id), path(id) + "/history", "/audit", "/open", "/nothing", "/static/style.css", "/static/nothing"} {
		res := v.get(p)
		snapshot("GET "+p, res.status, res.header)
	}
	style := v.get("/").first(func(n *htmlNode) bool { return attr(n, "rel") == "stylesheet" })
	res := v.get(attr(style, "href"))
	snapshot("GET /static/style.css of this version", res.status, res.header)
	stream := listen(t, v.server, "")
	snapshot("GET /live", stream.res.StatusCode, stream.res.Header)
	v.get(path(id))
	req := v.fill("deposit", "amount", "1")
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	res = v.do(req)
	snapshot("POST deposit of another site", res.status, res.header)
	v.get(path(id))
	res = v.send("deposit", "amount", "0")
	snapshot("POST deposit that is refused", res.status, res.header)
	v.get(path(id))
	res = v.send("deposit", "amount", "1")
	snapshot("POST deposit", res.status, res.header)

	text := strings.ReplaceAll(got.String(), id, "ID")
	const golden = "testdata/headers.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if text != string(want) {
		t.Errorf("headers differ from %s; -update accepts them:\n%s", golden, text)
	}
}

// Each form refuses what another site makes a browser send, and takes what its own page sends.
func TestFormsOfOtherSites(t *testing.T) {
	v := visit(t)
	v.server.Client().CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	forms := map[string][]string{
		"deposit": {"amount", "1"}, "withdraw": {"amount", "1"}, "freeze": {"reason", "x"}, "close": nil,
		"transfer": {"amount", "1"}, "unfreeze": {"reason", "x"}, "open": {"owner", "Eve"},
	}
	for _, tt := range []struct {
		name    string
		headers map[string]string // "Host" is the server's if it is not there; "self" is the server
		passes  bool
	}{
		{"own page", map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": "self"}, true},
		{"typed address", map[string]string{"Sec-Fetch-Site": "none"}, true},
		{"old browser, own page", map[string]string{"Origin": "self"}, true},
		{"no browser", nil, true},
		{"other site", map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, false},
		{"other site that hides", map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "null"}, false},
		{"sibling domain", map[string]string{"Sec-Fetch-Site": "same-site", "Origin": "https://other.example"}, false},
		{"other site claims our origin", map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "self"}, false},
		{"old browser, other site", map[string]string{"Origin": "https://evil.example"}, false},
		{"old browser, sandbox", map[string]string{"Origin": "null"}, false},
		{"old browser, other port", map[string]string{"Origin": "http://127.0.0.1:1"}, false},
		{"rewritten host", map[string]string{"Origin": "self", "Host": "evil.example"}, false},
	} {
		for form, fill := range forms {
			id, other := v.OpenAccount("Ann", 0), v.OpenAccount("Bob", 0)
			if form != "close" {
				if _, err := v.Ledger.Deposit(t.Context(), id, account.Deposit{Amount: eur(100)}); err != nil {
					t.Fatal(err)
				}
			}
			if form == "unfreeze" {
				if _, err := v.Ledger.Freeze(t.Context(), id, account.Freeze{Reason: "lost"}); err != nil {
					t.Fatal(err)
				}
			}
			v.CatchUp()
			if form == "open" {
				v.get("/open")
			} else {
				v.get(path(id))
			}
			if form == "transfer" {
				fill = append([]string{"to", other}, fill...)
			}
			req := v.fill(form, fill...)
			req.Header.Del("Sec-Fetch-Site")
			req.Header.Del("Origin")
			for name, value := range tt.headers {
				if value == "self" {
					value = v.server.URL
				}
				if name == "Host" {
					req.Host = value
				} else {
					req.Header.Set(name, value)
				}
			}
			before, _ := v.Store.Head(t.Context())
			p := v.do(req)
			after, _ := v.Store.Head(t.Context())
			want := http.StatusForbidden
			if tt.passes {
				want = http.StatusSeeOther
			}
			if p.status != want || (before != after) != tt.passes {
				t.Errorf("%s, %s: status %d, something was done: %t", tt.name, form, p.status, before != after)
			}
			if !tt.passes && !strings.Contains(p.text(), "This form was sent by another site") {
				t.Error(tt.name, form, p.text())
			}
		}
	}
}

// Nothing is done by looking.
func TestLookingChangesNothing(t *testing.T) {
	v := visit(t)
	id := v.OpenAccount("Ann", 100)
	v.CatchUp()
	before, err := v.Store.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	query := "?key=k&amount=1&reason=x&owner=Eve&currency=EUR&to=x&version=2"
	for _, p := range []string{"", "/deposit", "/withdraw", "/transfer", "/freeze", "/unfreeze", "/close", "/history"} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			req, err := http.NewRequestWithContext(t.Context(), method, v.server.URL+path(id)+p+query, nil)
			if err != nil {
				t.Fatal(err)
			}
			if res := v.do(req); res.status != 200 {
				t.Error(method, p, res.status)
			}
		}
	}
	v.get("/open" + query)
	if after, err := v.Store.Head(t.Context()); err != nil || after != before {
		t.Error(after, err)
	}
}

func TestRequestsThatAreNoForms(t *testing.T) {
	v := visit(t, func(cfg *web.Config) { cfg.MaxBodyBytes = 4096 })
	id := v.OpenAccount("Ann", 100)
	v.CatchUp()
	before := v.version(id)
	deposit := path(id) + "/deposit"
	good := url.Values{"key": {"k1"}, "amount": {"1"}, "reference": {""}}
	with := func(name string, values ...string) url.Values {
		vs := maps.Clone(good)
		vs[name] = values
		return vs
	}
	kind := func(kind string) *http.Request {
		req := v.post(deposit, good)
		req.Header.Set("Content-Type", kind)
		return req
	}
	raw := func(body string) *http.Request {
		req := v.post(deposit, nil)
		req.Body, req.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
		return req
	}
	method := func(m, p string) *http.Request {
		req := v.post(p, nil)
		req.Method = m
		return req
	}
	for name, tt := range map[string]struct {
		req    *http.Request
		status int
	}{
		"JSON":                        {kind("application/json"), 415},
		"no content type":             {kind(""), 415},
		"multipart":                   {kind("multipart/form-data; boundary=x"), 415},
		"without a key":               {v.post(deposit, with("key")), 400},
		"with an empty key":           {v.post(deposit, with("key", " ")), 400},
		"two amounts":                 {v.post(deposit, with("amount", "1", "2")), 400},
		"version that is none":        {v.post(deposit, with("version", "x")), 400},
		"negative version":            {v.post(deposit, with("version", "-1")), 400},
		"broken escape":               {raw("key=k&amount=%zz"), 400},
		"too large":                   {v.post(deposit, with("reference", strings.Repeat("x", 5000))), 413},
		"key that the ledger refuses": {v.post(deposit, with("key", "a b")), 422},
		"key that is too long":        {v.post(deposit, with("key", strings.Repeat("k", 129))), 422},
		"no such account":             {v.post(path("NOBODY")+"/deposit", good), 404},
		"id that no account has":      {v.post("/accounts/a%00b/deposit", good), 404},
		"id that is too long":         {v.post("/accounts/"+strings.Repeat("x", 300)+"/deposit", good), 404},
		"no such action":              {v.post(path(id)+"/rob", good), 404},
		"POST to a page":              {v.post("/audit", good), 405},
		"DELETE":                      {method(http.MethodDelete, path(id)), 405},
		"PUT":                         {method(http.MethodPut, deposit), 405},
		"POST to the stream":          {v.post("/live", good), 405},
	} {
		p := v.do(tt.req)
		if p.status != tt.status || p.header.Get("Content-Type") != "text/html; charset=utf-8" {
			t.Errorf("%s: %d %s\n%s", name, p.status, p.header.Get("Content-Type"), p.text())
		}
		if p.status == 405 && p.header.Get("Allow") == "" {
			t.Error(name, "does not say what is allowed")
		}
	}
	if v.version(id) != before {
		t.Error("something was booked")
	}
}

// What is ours to look into is logged, and the visitor learns nothing of it but its number.
func TestErrorsOfOurOwn(t *testing.T) {
	var log bytes.Buffer
	v := visit(t, func(cfg *web.Config) { cfg.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	id := v.OpenAccount("Ann", 100)
	v.CatchUp()
	h, err := web.New(web.Config{Ledger: v.Ledger, Reader: v.Reader, Waiter: v.Waiter, Changes: v.Live, Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	guarded := httptest.NewServer(httpserver.Guard(h, httpserver.GuardConfig{Streams: web.IsStream}))
	t.Cleanup(guarded.Close)
	if err := v.Store.InTx(t.Context(), dropTables); err != nil {
		t.Fatal(err)
	}
	v.server, v.page = guarded, nil
	p := v.get(path(id))
	number := p.header.Get("Request-Id")
	if p.status != 500 || !strings.Contains(p.text(), "Something went wrong") || number == "" || !strings.Contains(p.text(), number) || strings.Contains(p.body, "bank_accounts") {
		t.Error(p.status, p.text())
	}
	if got := log.String(); !strings.Contains(got, number) || !strings.Contains(got, "bank_accounts") {
		t.Error(got)
	}
}

func TestStoreThatIsClosed(t *testing.T) {
	v := visit(t)
	id := v.OpenAccount("Ann", 100)
	v.CatchUp()
	v.get(path(id))
	late := v.fill("deposit", "amount", "1")
	if err := v.Store.Close(); err != nil {
		t.Fatal(err)
	}
	p := v.do(late)
	if p.status != 503 || p.header.Get("Retry-After") == "" || !strings.Contains(p.text(), "The bank is busy") {
		t.Error(p.status, p.text())
	}
}
