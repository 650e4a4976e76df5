// Package workspacetest makes small workspaces to try the tools on.
package workspacetest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/eventsource-go/eventsource/tools/workspace"
)

// Root is the module root of workspaces made here.
const Root = "example.com/acme"

// Files is a workspace that keeps all rules: a library, one nested in it, an application and tests that are never tagged.
func Files() map[string]string {
	return map[string]string{
		".gitignore":             "/.build/\n*.out\n",
		"LICENSE":                "Do what you like.\n",
		"README.md":              "# Acme\n",
		"go.work":                "go 1.26.0\n\nuse (\n\t./apps/shop\n\t./core\n\t./core/glue\n\t./e2e\n)\n",
		"tools/go.mod":           "module " + Root + "/tools\n\ngo 1.26.0\n",
		"tools/versions.txt":     "core v0.1.0 # first\n\ncore/glue v0.1.0\napps/shop v0.1.0\ne2e -\n",
		"core/go.mod":            "module " + Root + "/core\n\ngo 1.26\n",
		"core/README.md":         "# core\n",
		"core/CHANGELOG.md":      "# Changes\n",
		"core/greet/greet.go":    "// Package greet greets.\npackage greet\n\n// Hello greets.\nfunc Hello() string { return \"hello\" }\n",
		"core/ignored.out":       "x",
		"core/glue/go.mod":       "module " + Root + "/core/glue\n\ngo 1.26\n\nrequire " + Root + "/core v0.1.0\n\nreplace " + Root + "/core => ../\n",
		"core/glue/README.md":    "# glue\n",
		"core/glue/CHANGELOG.md": "# Changes\n",
		"core/glue/glue.go":      "// Package glue glues.\npackage glue\n\nimport \"" + Root + "/core/greet\"\n\n// Twice greets twice.\nfunc Twice() string { return greet.Hello() + greet.Hello() }\n",
		"apps/shop/go.mod":       "module " + Root + "/apps/shop\n\ngo 1.26\n\nrequire " + Root + "/core v0.1.0\n",
		"apps/shop/README.md":    "# shop\n",
		"apps/shop/CHANGELOG.md": "# Changes\n",
		"apps/shop/LICENSE":      "The shop's own.\n",
		"apps/shop/main.go":      "package main\n\nimport \"" + Root + "/core/greet\"\n\nfunc main() { println(greet.Hello()) }\n",
		"e2e/go.mod":             "module " + Root + "/e2e\n\ngo 1.26\n\nrequire " + Root + "/core v0.1.0\n\nreplace " + Root + "/core => ../core\n",
		"e2e/README.md":          "# e2e\n",
		"e2e/e2e_test.go":        "package e2e_test\n\nimport (\n\t\"testing\"\n\n\t\"" + Root + "/core/greet\"\n)\n\nfunc TestHello(t *testing.T) {\n\tif greet.Hello() != \"hello\" {\n\t\tt.Error(greet.Hello())\n\t}\n}\n",
	}
}

// New writes the files into a git repository of its own and loads the workspace.
func New(t testing.TB, files map[string]string) *workspace.Workspace {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		full := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	w, err := workspace.Load(root)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := workspace.Output(w.Command(t.Context(), workspace.Alone, ".", "git", "init", "-q")); err != nil {
		t.Fatal(err)
	}
	return w
}
