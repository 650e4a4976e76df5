package httpapi_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// contract is the OpenAPI document, and what of it has been exercised.
type contract struct {
	doc     map[string]any
	schemas *jsonschema.Compiler

	mu        sync.Mutex
	exercised map[string]bool // "GET /path 200"
}

func readContract(tb testing.TB) *contract {
	tb.Helper()
	data, err := os.ReadFile("openapi.json")
	if err != nil {
		tb.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		tb.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("openapi.json", doc); err != nil {
		tb.Fatal(err)
	}
	return &contract{doc: doc.(map[string]any), schemas: c, exercised: make(map[string]bool)}
}

// operations calls fn for each operation of the document.
func (c *contract) operations(fn func(method, path string, op map[string]any)) {
	for path, item := range c.doc["paths"].(map[string]any) {
		for method, op := range item.(map[string]any) {
			fn(strings.ToUpper(method), path, op.(map[string]any))
		}
	}
}

// resolve follows a reference, and returns what is there and where.
func (c *contract) resolve(v any, at string) (map[string]any, string) {
	m := v.(map[string]any)
	ref, ok := m["$ref"].(string)
	if !ok {
		return m, at
	}
	var here any = c.doc
	for part := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
		here = here.(map[string]any)[part]
	}
	return here.(map[string]any), ref
}

// validate holds a JSON text against the schema at a place of the document.
func (c *contract) validate(tb testing.TB, at string, body []byte) {
	tb.Helper()
	c.mu.Lock()
	schema, err := c.schemas.Compile("openapi.json" + at)
	c.mu.Unlock()
	if err != nil {
		tb.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		tb.Errorf("%s: %v in %q", at, err, body)
		return
	}
	if err := schema.Validate(v); err != nil {
		tb.Errorf("%s is not as documented: %v", body, err)
	}
}

func escaped(s string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(s) }

// do makes a request, and holds request and response against the document.
func (c *contract) do(tb testing.TB, h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	tb.Helper()
	var sent []byte
	if r.Body != nil {
		sent, _ = io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(sent))
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	path := pathOf(r.Pattern)
	op, ok := c.doc["paths"].(map[string]any)[path].(map[string]any)[strings.ToLower(r.Method)].(map[string]any)
	if !ok {
		tb.Fatalf("%s %s is not documented", r.Method, r.Pattern)
	}
	at := "#/paths/" + escaped(path) + "/" + strings.ToLower(r.Method)
	status := fmt.Sprint(w.Code)
	responses := op["responses"].(map[string]any)
	if responses[status] == nil {
		status = "default"
	}
	if responses[status] == nil || status == "default" && w.Code < 400 {
		tb.Fatalf("%s %s: status %d is not documented: %s", r.Method, path, w.Code, w.Body)
	}
	c.mu.Lock()
	c.exercised[r.Method+" "+path+" "+status] = true
	c.mu.Unlock()
	response, responseAt := c.resolve(responses[status], at+"/responses/"+status)
	c.checkHeaders(tb, response, w)
	c.checkBody(tb, response, responseAt, w)
	if body, ok := op["requestBody"].(map[string]any); ok && w.Code < 300 {
		_, schemaAt := c.resolve(body["content"].(map[string]any)["application/json"].(map[string]any)["schema"], at+"/requestBody/content/application~1json/schema")
		c.validate(tb, schemaAt, sent)
	}
	return w
}

func (c *contract) checkHeaders(tb testing.TB, response map[string]any, w *httptest.ResponseRecorder) {
	tb.Helper()
	headers, _ := response["headers"].(map[string]any)
	for name, h := range headers {
		header, _ := c.resolve(h, "")
		if header["required"] == true && w.Header().Get(name) == "" {
			tb.Errorf("header %s is missing", name)
		}
	}
	for _, name := range []string{"Etag", "Consistency-Token", "Idempotency-Replayed", "Location", "Link"} {
		documented := slices.ContainsFunc(slices.Collect(maps.Keys(headers)), func(h string) bool { return strings.EqualFold(h, name) })
		if w.Header().Get(name) != "" && !documented {
			tb.Errorf("header %s is not documented for %d", name, w.Code)
		}
	}
}

func (c *contract) checkBody(tb testing.TB, response map[string]any, at string, w *httptest.ResponseRecorder) {
	tb.Helper()
	content, _ := response["content"].(map[string]any)
	if content == nil {
		if w.Body.Len() > 0 {
			tb.Errorf("a body where none is documented: %s", w.Body)
		}
		return
	}
	media := w.Header().Get("Content-Type")
	typed, ok := content[media].(map[string]any)
	if !ok {
		tb.Errorf("content type %q is not documented: %s", media, w.Body)
		return
	}
	_, schemaAt := c.resolve(typed["schema"], at+"/content/"+escaped(media)+"/schema")
	c.validate(tb, schemaAt, w.Body.Bytes())
	if media == "application/problem+json" {
		var p struct{ Status int }
		if json.Unmarshal(w.Body.Bytes(), &p) != nil || p.Status != w.Code {
			tb.Errorf("status %d says that it is %s", w.Code, w.Body)
		}
	}
}

// missing returns what is documented and was not exercised.
func (c *contract) missing() (all []string) {
	c.operations(func(method, path string, op map[string]any) {
		for status := range op["responses"].(map[string]any) {
			if name := method + " " + path + " " + status; !c.exercised[name] {
				all = append(all, name)
			}
		}
	})
	slices.Sort(all)
	return all
}

func pathOf(pattern string) string {
	_, path, _ := strings.Cut(pattern, " ")
	return path
}
