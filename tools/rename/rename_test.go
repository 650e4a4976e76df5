package rename_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/eventsource-go/eventsource/tools/rename"
	"github.com/eventsource-go/eventsource/tools/workspace"
	"github.com/eventsource-go/eventsource/tools/workspacetest"
)

// clone copies what a commit of everything would hold into a repository of its own.
func clone(t *testing.T) *workspace.Workspace {
	t.Helper()
	w, err := workspace.Here()
	if err != nil {
		t.Fatal(err)
	}
	files, err := w.Files(".")
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	for _, name := range files {
		copyFile(t, w.Abs(filepath.FromSlash(name)), filepath.Join(root, filepath.FromSlash(name)))
	}
	copied, err := workspace.Load(root)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := workspace.Output(copied.Command(t.Context(), workspace.Alone, ".", "git", "init", "-q")); err != nil {
		t.Fatal(err)
	}
	return copied
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	src, err := os.Open(from)
	if errors.Is(err, os.ErrNotExist) {
		return // removed meanwhile
	} else if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		t.Fatal(err)
	}
	dst, err := os.Create(to)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(dst, src); err != nil {
		t.Fatal(err)
	}
	if err := dst.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestRenamedTreeBuildsAndForgetsTheOldPath(t *testing.T) {
	w := clone(t)
	old := w.Path
	const path = "example.org/acme/log"
	changed, err := rename.Module(t.Context(), w, path)
	if err != nil {
		t.Fatal(err)
	}
	if len(changed) < 50 {
		t.Errorf("changed only %d files", len(changed))
	}
	renamed, err := workspace.Load(w.Root)
	if err != nil {
		t.Fatal(err)
	}
	if renamed.Path != path {
		t.Errorf("the module root is %s", renamed.Path)
	}
	files, err := renamed.Files(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		data, err := os.ReadFile(renamed.Abs(filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(data, []byte(old)) {
			t.Errorf("%s still names %s", name, old)
		}
	}
	if names, err := renamed.Unformatted(t.Context(), changed); err != nil || len(names) > 0 {
		t.Errorf("not formatted: %q, %v", names, err)
	}
	for _, m := range renamed.Modules {
		// One analysis of vet is enough to compile the tests too.
		if _, err := workspace.Output(renamed.Go(t.Context(), workspace.Together, m.Dir, "vet", "-directive", "./...")); err != nil {
			t.Error(err)
		}
	}
	if _, err := workspace.Output(renamed.Go(t.Context(), workspace.Alone, "tools", "vet", "-directive", "./...")); err != nil {
		t.Error(err)
	}
}

func TestRenameReplacesWholePathsOnly(t *testing.T) {
	w := workspacetest.New(t, map[string]string{
		"go.work":            "go 1.26\n",
		"tools/go.mod":       "module example.com/a/b/tools\n",
		"tools/versions.txt": "",
		"README.md":          "example.com/a/b, `example.com/a/b/core` and example.com/a/b.\nnot example.com/a/bc, not example.com/a/b-c, not xexample.com/a/b\n",
		"data.bin":           "example.com/a/b\x00",
	})
	changed, err := rename.Module(t.Context(), w, "example.org/new")
	if err != nil || strings.Join(changed, " ") != "README.md tools/go.mod" {
		t.Errorf("changed %q, %v", changed, err)
	}
	got, err := os.ReadFile(w.Abs("README.md"))
	want := "example.org/new, `example.org/new/core` and example.org/new.\nnot example.com/a/bc, not example.com/a/b-c, not xexample.com/a/b\n"
	if err != nil || string(got) != want {
		t.Errorf("%s, %v", got, err)
	}
}

func TestRenameRefusesWhatIsNoModulePath(t *testing.T) {
	w, err := workspace.Here()
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"", "no dots", "https://example.com/x", "example.com/x/", w.Path} {
		if _, err := rename.Module(t.Context(), w, path); !errors.Is(err, rename.ErrPath) {
			t.Errorf("%q: %v", path, err)
		}
	}
}
