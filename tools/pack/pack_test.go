package pack_test

import (
	"archive/zip"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/module"
	modzip "golang.org/x/mod/zip"

	"github.com/eventsource-go/eventsource/tools/pack"
	"github.com/eventsource-go/eventsource/tools/workspace"
	"github.com/eventsource-go/eventsource/tools/workspacetest"
)

const root = workspacetest.Root

func packed(t *testing.T) (w *workspace.Workspace, dir string, modules []pack.Packed) {
	t.Helper()
	w = workspacetest.New(t, workspacetest.Files())
	dir = filepath.Join(t.TempDir(), "proxy")
	modules, err := pack.Write(w, dir)
	if err != nil {
		t.Fatal(err)
	}
	return w, dir, modules
}

// contents returns the files of a module's zip, without the prefix that all share.
func contents(t *testing.T, dir, path string) map[string]string {
	t.Helper()
	name := filepath.Join(dir, filepath.FromSlash(path), "@v", "v0.1.0.zip")
	if _, err := modzip.CheckZip(module.Version{Path: path, Version: "v0.1.0"}, name); err != nil {
		t.Fatal(err)
	}
	r, err := zip.OpenReader(name)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	files := map[string]string{}
	for _, f := range r.File {
		rc, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(rc)
		if err != nil {
			t.Fatal(err)
		}
		files[strings.TrimPrefix(f.Name, path+"@v0.1.0/")] = string(data)
	}
	return files
}

func TestPackedAsTagged(t *testing.T) {
	_, dir, modules := packed(t)
	var paths []string
	for _, m := range modules {
		paths = append(paths, m.Path)
	}
	if want := []string{root + "/core", root + "/apps/shop", root + "/core/glue"}; !slices.Equal(paths, want) {
		t.Errorf("packed %q, want %q: what is never tagged is left out", paths, want)
	}

	core := contents(t, dir, root+"/core")
	for name, want := range map[string]bool{"greet/greet.go": true, "go.mod": true, "glue/glue.go": false, "ignored.out": false} {
		if _, ok := core[name]; ok != want {
			t.Errorf("core holds %s: %v", name, ok)
		}
	}
	if core["LICENSE"] != "Do what you like.\n" {
		t.Errorf("core's licence is %q, want that of the root", core["LICENSE"])
	}
	if glue := contents(t, dir, root+"/core/glue"); strings.Contains(glue["go.mod"], "replace") || !strings.Contains(glue["go.mod"], root+"/core v0.1.0") {
		t.Errorf("glue's go.mod is\n%s", glue["go.mod"])
	}
	shop := contents(t, dir, root+"/apps/shop")
	if shop["LICENSE"] != "The shop's own.\n" {
		t.Errorf("the shop's licence is %q", shop["LICENSE"])
	}
	if want := modules[0].GoSum(); shop["go.sum"] != want {
		t.Errorf("the shop's go.sum is %q, want its sibling's %q", shop["go.sum"], want)
	}
}

func TestPackedAgainIsTheSame(t *testing.T) {
	w, dir, first := packed(t)
	second, err := pack.Write(w, dir)
	if err != nil || !slices.Equal(first, second) {
		t.Errorf("%v, then %v, %v", first, second, err)
	}
	if err := os.WriteFile(w.Abs("core", "greet", "greet.go"), []byte("package greet\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if third, err := pack.Write(w, dir); err != nil || third[0].Sum == first[0].Sum {
		t.Errorf("changed, and the sum is still %s (%v)", third[0].Sum, err)
	}
}

// The go command accepts the proxy: an application copied out of it builds with the checksums that it came with.
func TestGoCommandUsesTheProxy(t *testing.T) {
	w, dir, _ := packed(t)
	copied := t.TempDir()
	for name, text := range contents(t, dir, root+"/apps/shop") {
		if err := os.WriteFile(filepath.Join(copied, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := w.Go(t.Context(), workspace.Alone, ".", "build", "-o", os.DevNull, ".")
	cmd.Dir = copied
	cmd.Env = append(cmd.Env, "GOPROXY="+pack.URL(dir), "GOFLAGS=-mod=readonly -modcacherw", "GOMODCACHE="+t.TempDir(), "GONOPROXY=none", "GONOSUMDB="+root)
	if _, err := workspace.Output(cmd); err != nil {
		t.Error(err)
	}
}
