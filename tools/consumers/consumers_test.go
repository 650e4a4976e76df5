package consumers_test

import (
	"context"
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/eventsource-go/eventsource/tools/consumers"
	"github.com/eventsource-go/eventsource/tools/workspace"
)

//go:embed testdata
var programs embed.FS

// place is made once: packing and the module cache are shared by all tests.
var place = sync.OnceValues(func() (*consumers.Outside, error) {
	w, err := workspace.Here()
	if err != nil {
		return nil, err
	}
	return consumers.Prepare(context.Background(), w)
})

func outside(t *testing.T) (*workspace.Workspace, *consumers.Outside) {
	t.Helper()
	w, err := workspace.Here()
	if err != nil {
		t.Fatal(err)
	}
	o, err := place()
	if err != nil {
		t.Fatal(err)
	}
	return w, o
}

// output runs the command and returns what it printed.
func output(t *testing.T, o *consumers.Outside, dir, goflags, name string, args ...string) string {
	t.Helper()
	out, err := workspace.Output(o.Command(t.Context(), dir, goflags, name, args...))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// brings says what a stranger who imports all packages of a module may not find in the build.
var brings = map[string][]string{
	"stores/bunstore": {"go.uber.org/fx", "modernc.org/sqlite", "github.com/jackc/pgx", "github.com/mattn/go-sqlite3"},
	"stores/postgres": {"modernc.org/sqlite", "github.com/mattn/go-sqlite3"},
	"stores/sqlite":   {"github.com/jackc/pgx", "github.com/mattn/go-sqlite3"},
	"core/esfx":       {"github.com/uptrace/bun"},
}

// Every library, new ones included, is imported whole by a module outside.
func TestEveryLibraryBuildsOutside(t *testing.T) {
	w, o := outside(t)
	for _, m := range w.Modules {
		if !m.Published() || m.Application() {
			continue
		}
		t.Run(m.Dir, func(t *testing.T) {
			dir := t.TempDir()
			if err := o.Module(dir, m, nil); err != nil {
				t.Fatal(err)
			}
			packages, err := o.Packages(t.Context(), dir, m)
			if err != nil {
				t.Fatal(err)
			}
			if len(packages) == 0 {
				t.Fatal("nothing to import")
			}
			var src strings.Builder
			src.WriteString("package main\n\nimport (\n")
			for _, pkg := range packages {
				fmt.Fprintf(&src, "\t_ %q\n", pkg)
			}
			src.WriteString(")\n\nfunc main() {}\n")
			if err := o.Module(dir, m, map[string]string{"main.go": src.String()}); err != nil {
				t.Fatal(err)
			}
			output(t, o, dir, "-mod=mod", "go", "build", "-o", os.DevNull, ".")
			deps, err := o.Dependencies(t.Context(), dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, pkg := range packages {
				if !slices.Contains(deps, pkg) {
					t.Errorf("%s is not in the build", pkg)
				}
			}
			for _, dep := range deps {
				if m.Dir == "core" && !within(dep, m.Path, "github.com/google/uuid", "example.com/outside") {
					t.Errorf("core brings %s", dep)
				}
				if within(dep, brings[m.Dir]...) {
					t.Errorf("%s brings %s", m.Dir, dep)
				}
			}
		})
	}
}

// Programs as a newcomer would write them; each prints what it should.
func TestProgramsRunOutside(t *testing.T) {
	for _, c := range []struct {
		dir, want string
		brings    []string
	}{
		{"core", "70 2\n", nil},
		{"stores/sqlite", "account.opened account.deposited\n", []string{"go.uber.org/fx"}},
	} {
		t.Run(c.dir, func(t *testing.T) {
			w, o := outside(t)
			m, ok := w.Module(c.dir)
			if !ok {
				t.Fatal("no such module")
			}
			src, err := programs.ReadFile("testdata/" + c.dir + "/main.go")
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			if err := o.Module(dir, m, map[string]string{"main.go": string(src)}); err != nil {
				t.Fatal(err)
			}
			program := filepath.Join(dir, "program")
			output(t, o, dir, "-mod=mod", "go", "build", "-o", program, ".")
			if got := output(t, o, dir, "", program); got != c.want {
				t.Errorf("it printed %q, want %q", got, c.want)
			}
			deps, err := o.Dependencies(t.Context(), dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, dep := range deps {
				if within(dep, c.brings...) {
					t.Errorf("importing %s alone brings %s", c.dir, dep)
				}
			}
		})
	}
}

// A copy of an application is a module that stands alone: it has no replace line, its go.sum is whole, it passes its tests.
func TestApplicationsAreTemplates(t *testing.T) {
	w, o := outside(t)
	gonew, err := w.Tool(t.Context(), "tools", "gonew")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range w.Modules {
		if !m.Published() || !strings.HasPrefix(m.Dir, "apps/") {
			continue
		}
		t.Run(m.Dir, func(t *testing.T) {
			parent := t.TempDir()
			dir := filepath.Join(parent, "copy")
			output(t, o, parent, "", gonew, m.Path+"@"+m.Version, "example.com/acme/copy", dir)
			output(t, o, dir, "-mod=readonly", "go", "vet", "./...")
			output(t, o, dir, "-mod=readonly", "go", "test", "./...")
			deps := strings.Fields(output(t, o, dir, "-mod=readonly", "go", "list", "-deps", "./..."))
			if !slices.ContainsFunc(deps, func(dep string) bool { return within(dep, "example.com/acme/copy") }) {
				t.Error("the copy holds no package")
			}
			for _, dep := range deps {
				if within(dep, m.Path) {
					t.Errorf("the copy imports %s of its origin", dep)
				}
			}
		})
	}
}

func within(pkg string, paths ...string) bool {
	return slices.ContainsFunc(paths, func(p string) bool { return pkg == p || strings.HasPrefix(pkg, p+"/") })
}
