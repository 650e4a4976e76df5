// Package core_test asserts what core asks of those who import it.
package core_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const module = "github.com/eventsource-go/eventsource/core"

// TestAnOutsideModuleGetsNothingElse makes a module that imports every package of core, as a user
// would, and fails if more than the standard library and uuid comes with them.
func TestAnOutsideModuleGetsNothingElse(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	packages := strings.Fields(goCommand(t, here, "list", "./..."))
	var main strings.Builder
	main.WriteString("package outside\n\nimport (\n")
	imported := 0
	for _, pkg := range packages {
		if pkg != module && !strings.Contains(pkg, "/internal/") {
			main.WriteString("\t_ \"" + pkg + "\"\n")
			imported++
		}
	}
	main.WriteString(")\n")
	if imported < 10 {
		t.Fatalf("core has only the packages %v", packages)
	}
	dir := t.TempDir()
	mod := "module example.com/outside\n\ngo 1.26\n\nrequire " + module + " v0.0.0\n\nreplace " + module + " => " + here + "\n"
	sum, err := os.ReadFile("go.sum")
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"go.mod": mod, "go.sum": string(sum), "outside.go": main.String()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	deps := strings.Fields(goCommand(t, dir, "list", "-mod=mod", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", "."))
	seen := make(map[string]bool)
	for _, dep := range deps {
		seen[dep] = true
		switch {
		case dep == "example.com/outside", dep == "github.com/google/uuid":
		case strings.HasPrefix(dep, module+"/"):
		default:
			t.Errorf("importing core brings in %s", dep)
		}
	}
	if !seen[module+"/memstore"] || !seen["github.com/google/uuid"] {
		t.Errorf("listed only %v", deps)
	}
}

func goCommand(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	var failure strings.Builder
	cmd.Stderr = &failure
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, failure.String())
	}
	return string(out)
}
