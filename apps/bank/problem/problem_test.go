package problem_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/eventsource-go/eventsource/apps/bank/problem"
)

func TestKinds(t *testing.T) {
	seen := make(map[string]bool)
	for _, k := range problem.Kinds() {
		if seen[k.Name] || k.Title == "" || k.Status < 400 || k.Status > 599 || http.StatusText(k.Status) == "" {
			t.Errorf("%+v", k)
		}
		seen[k.Name] = true
	}
	file, err := parser.ParseFile(token.NewFileSet(), "kind.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	declared := 0
	ast.Inspect(file, func(n ast.Node) bool {
		if lit, ok := n.(*ast.CompositeLit); ok {
			if name, ok := lit.Type.(*ast.Ident); ok && name.Name == "Kind" {
				declared++
			}
		}
		return true
	})
	if declared != len(seen) {
		t.Errorf("%d kinds are declared, %d are listed", declared, len(seen))
	}
}

func TestWrite(t *testing.T) {
	w := httptest.NewRecorder()
	w.Header().Set("Request-Id", "r-1")
	w.Header().Set("ETag", `"7"`)
	w.Header().Set("Location", "/elsewhere")
	problem.Write(w, problem.Details{Kind: problem.Overloaded, Detail: "d", Field: "f", Account: "a", RetryAfter: 2})
	const want = `{"type":"urn:problem-type:bank:overloaded","title":"Too many requests at once","status":503,"detail":"d","field":"f","account":"a","requestId":"r-1"}` + "\n"
	if w.Code != 503 || w.Body.String() != want || w.Header().Get("Content-Type") != "application/problem+json" || w.Header().Get("Retry-After") != "2" ||
		w.Header().Get("ETag") != "" || w.Header().Get("Location") != "" || w.Header().Get("Cache-Control") != "no-store" {
		t.Error(w.Code, w.Header(), w.Body)
	}
}
