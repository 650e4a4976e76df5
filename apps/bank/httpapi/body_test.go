package httpapi_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/eventsource-go/eventsource/apps/bank/banktest"
	"github.com/eventsource-go/eventsource/apps/bank/httpapi"
	"github.com/eventsource-go/eventsource/apps/bank/ledger"
)

// hostile is bodies that no operation takes, and why.
var hostile = map[string]string{
	"empty":             ``,
	"no JSON":           `x`,
	"half":              `{"owner":"Ann"`,
	"array":             `[]`,
	"text":              `"owner"`,
	"null":              `null`,
	"number":            `1`,
	"unknown field":     `{"owner":"Ann","currency":"EUR","balance":"1000"}`,
	"unknown case":      `{"Owner":"Ann","currency":"EUR"}`,
	"twice":             `{"owner":"Ann","owner":"Bob","currency":"EUR"}`,
	"twice, escaped":    `{"owner":"Ann","\u006fwner":"Bob","currency":"EUR"}`,
	"null field":        `{"owner":null,"currency":"EUR"}`,
	"number for a text": `{"owner":1,"currency":"EUR"}`,
	"object for a text": `{"owner":{"owner":"Ann"},"currency":"EUR"}`,
	"array for a text":  `{"owner":["Ann"],"currency":"EUR"}`,
	"trailing value":    `{"owner":"Ann","currency":"EUR"} {}`,
	"trailing comma":    `{"owner":"Ann","currency":"EUR",}`,
	"NUL":               `{"owner":"A\u0000nn","currency":"EUR"}`,
	"raw NUL":           "{\"owner\":\"A\x00nn\",\"currency\":\"EUR\"}",
	"wrong UTF-8":       "{\"owner\":\"A\xffnn\",\"currency\":\"EUR\"}",
	"overlong UTF-8":    "{\"owner\":\"A\xc0\xafnn\",\"currency\":\"EUR\"}",
	"half a surrogate":  `{"owner":"A\ud800nn","currency":"EUR"}`,
	"byte order mark":   "\ufeff{\"owner\":\"Ann\",\"currency\":\"EUR\"}",
	"comment":           `{"owner":"Ann",/**/"currency":"EUR"}`,
	"deep":              `{"owner":` + strings.Repeat(`[`, 9) + strings.Repeat(`]`, 9) + `,"currency":"EUR"}`,
	"very deep":         `{"owner":` + strings.Repeat(`[`, 30000) + strings.Repeat(`]`, 30000) + `,"currency":"EUR"}`,
	"deep objects":      strings.Repeat(`{"owner":`, 5000) + `"Ann"` + strings.Repeat(`}`, 5000),
	"many keys":         `{` + strings.Repeat(`"k":1,`, 9000) + `"k":1}`,
	"huge number":       `{"owner":1e1000000,"currency":"EUR"}`,
	"form":              `owner=Ann&currency=EUR`,
	"UTF-16":            "\x00{\x00}",
	"NaN":               `{"owner":NaN}`,
	"single quotes":     `{'owner':'Ann'}`,
	"control character": "{\"owner\":\"A\nnn\",\"currency\":\"EUR\"}",
	"prototype":         `{"__proto__":{"owner":"Ann"},"owner":"Ann","currency":"EUR"}`,
}

func TestHostileBodies(t *testing.T) {
	c := start(t)
	for name, body := range hostile {
		c.T = t
		a := c.post("/api/v1/accounts", body)
		if a.Code != 400 || a.Problem != "malformed-request" {
			t.Errorf("%s: %d %s", name, a.Code, a.ResponseRecorder.Body)
		}
		if a.ResponseRecorder.Body.Len() > 400 {
			t.Errorf("%s: the answer has %d bytes", name, a.ResponseRecorder.Body.Len())
		}
	}
	if a := c.get("/api/v1/accounts"); len(a.Body["items"].([]any)) != 0 {
		t.Error("something was opened:", a.Body)
	}
}

// A field of a wrong type is named, with what it should be.
func TestWrongTypes(t *testing.T) {
	c := start(t)
	path := c.open("")
	for _, value := range []string{"10", "1e1000000", "true", "{}", "[]", `{"amount":"1"}`, "null", strings.Repeat("[", 5000) + strings.Repeat("]", 5000)} {
		for field, want := range map[string]string{
			"amount": `It is a string like "10.00".`, "currency": `It is a string like "EUR".`, "reference": "It is a string.",
		} {
			if value == "null" {
				want = "A field is null; leave it out instead."
			}
			a := c.want(c.post(path+"/deposits", `{"`+field+`":`+value+`}`), 400, "malformed-request")
			if a.Body["field"] != field || a.Body["detail"] != want {
				t.Errorf("%s is %.20s: %v", field, value, a.Body)
			}
		}
	}
}

func TestContentType(t *testing.T) {
	c := start(t)
	for header, want := range map[string]int{
		"application/json": 201, "application/json; charset=UTF-8": 201, "Application/JSON": 201,
		"": 415, "text/plain": 415, "application/json; charset=utf-16": 415, "application/x-www-form-urlencoded": 415,
		"multipart/form-data; boundary=x": 415, "application/problem+json": 415, "application/json;": 201, ";": 415,
	} {
		if a := c.post("/api/v1/accounts", `{"owner":"Ann","currency":"EUR"}`, "Content-Type", header); a.Code != want {
			t.Errorf("%q: %d", header, a.Code)
		}
	}
	c.want(c.post("/api/v1/accounts", `{"owner":"Ann","currency":"EUR"}`, "Content-Encoding", "gzip"), 415, "unsupported-media-type")
}

// The body may have 64 KiB, and not a byte more.
func TestBodyLimit(t *testing.T) {
	c := start(t).guarded()
	body := `{"owner":"Ann","currency":"EUR"}`
	fits := body + strings.Repeat(" ", 64<<10-len(body))
	c.want(c.post("/api/v1/accounts", fits), 201, "")
	c.want(c.post("/api/v1/accounts", fits+" "), 413, "request-too-large")
}

func TestValues(t *testing.T) {
	c := start(t)
	path := c.open("100")
	jpy := c.want(c.post("/api/v1/accounts", `{"owner":"Ann","currency":"JPY"}`), 201, "").Header().Get("Location")
	amount := func(amount, currency string) string {
		return `{"amount":"` + amount + `","currency":"` + currency + `"}`
	}
	for body, want := range map[string]string{
		amount("0", "EUR"):                    "invalid-value",
		amount("-1", "EUR"):                   "invalid-value",
		amount("1e3", "EUR"):                  "invalid-value",
		amount("1.001", "EUR"):                "invalid-value",
		amount("", "EUR"):                     "invalid-value",
		amount("1", "XXX"):                    "invalid-value",
		amount("1", ""):                       "invalid-value",
		amount("92233720368547758.08", "EUR"): "invalid-value",
		amount("92233720368547758.07", "EUR"): "balance-out-of-range",
		amount("1", "USD"):                    "currency-mismatch",
		`{}`:                                  "invalid-value",
		`{"amount":"1","currency":"EUR","reference":"` + strings.Repeat("x", 141) + `"}`: "invalid-value",
		`{"amount":"1","currency":"EUR","reference":"a\nb"}`:                             "invalid-value",
	} {
		c.want(c.post(path+"/deposits", body), 422, want)
	}
	c.want(c.post(jpy+"/deposits", amount("1.5", "JPY")), 422, "invalid-value")
	if a := c.post(jpy+"/deposits", amount("500", "JPY")); a.Body["balance"] != "500" {
		t.Error(a.Body)
	}
	order := func(from, to string) string {
		return `{"from":"` + from + `","to":"` + to + `","amount":"1","currency":"EUR"}`
	}
	c.want(c.post("/api/v1/transfers", order(id(path), id(path))), 422, "same-account")
	c.want(c.post("/api/v1/transfers", order(id(path), "")), 422, "invalid-value")
	c.want(c.post("/api/v1/transfers", order(id(path), strings.Repeat("x", 300))), 422, "unknown-account")
	a := c.want(c.post("/api/v1/transfers", order(id(path), id(jpy))), 422, "currency-mismatch")
	if a.Body["account"] != id(jpy) {
		t.Error("who refused:", a.Body)
	}
	c.want(c.post(path+"/freeze", `{"reason":"lost"}`), 200, "")
	c.want(c.post(path+"/deposits", amount("1", "EUR")), 422, "account-frozen")
	c.want(c.get("/api/v1/accounts/"+strings.Repeat("x", 300)), 404, "account-not-found")
	c.want(c.get("/api/v1/accounts/a%00b"), 404, "account-not-found")
	c.want(c.get("/api/v1/accounts/a%ffb/events"), 404, "account-not-found")
	c.want(c.post("/api/v1/accounts/a%00b/deposits", amount("1", "EUR")), 404, "account-not-found")
}

// Whatever is sent, the answer is one of the API's.
func FuzzBodies(f *testing.F) {
	for _, body := range hostile {
		if len(body) < 1000 {
			f.Add(uint8(0), body)
		}
	}
	f.Add(uint8(1), `{"amount":"1.00","currency":"EUR","reference":"salary"}`)
	f.Add(uint8(2), `{"amount":"0.01","currency":"EUR"}`)
	f.Add(uint8(3), `{"reason":"lost"}`)
	f.Add(uint8(6), `{"from":"A","to":"B","amount":"1","currency":"KWD"}`)
	b := banktest.Start(f, ledger.Config{})
	account := "/api/v1/accounts/" + b.OpenAccount("Ann", 100)
	targets := []string{
		"/api/v1/accounts", account + "/deposits", account + "/withdrawals", account + "/freeze", account + "/unfreeze",
		"/api/v1/accounts/nobody/close", "/api/v1/transfers",
	}
	mux := http.NewServeMux()
	httpapi.New(b.Ledger, b.Reader, b.Waiter, httpapi.Config{}).Register(mux)
	f.Fuzz(func(t *testing.T, target uint8, body string) {
		r := httptest.NewRequest(http.MethodPost, targets[int(target)%len(targets)], strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		media := w.Header().Get("Content-Type")
		switch {
		case w.Code >= 500:
			t.Errorf("%d for %q: %s", w.Code, body, w.Body)
		case w.Code >= 400 && media != "application/problem+json", w.Code < 300 && media != "application/json":
			t.Errorf("%d with content type %q", w.Code, media)
		}
	})
}
