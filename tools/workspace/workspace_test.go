package workspace_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/eventsource-go/eventsource/tools/workspace"
	"github.com/eventsource-go/eventsource/tools/workspacetest"
)

func TestThisRepositoryKeepsItsRules(t *testing.T) {
	w, err := workspace.Here()
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Check(); err != nil {
		t.Error(err)
	}
	if err := w.CheckPinned(t.Context(), "modernc.org/sqlite", "modernc.org/libc"); err != nil {
		t.Error(err)
	}
}

func TestCheckNamesEveryBrokenRule(t *testing.T) {
	const root = workspacetest.Root
	if err := workspacetest.New(t, workspacetest.Files()).Check(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ file, text, want string }{
		{"core/go.mod", "module " + root + "/core\n\ngo 1.25\n", "core: its go directive"},
		{"apps/shop/go.mod", "module " + root + "/apps/shop\n\ngo 1.26\n\nrequire " + root + "/core v0.2.0\n", "apps/shop: requires " + root + "/core v0.2.0"},
		{"apps/shop/go.mod", "module " + root + "/apps/shop\n\ngo 1.26\n\nrequire " + root + "/core v0.1.0\n\nreplace " + root + "/core => ../../core\n", "apps/shop: has replace lines"},
		{"apps/shop/go.mod", "module " + root + "/apps/shop\n\ngo 1.26\n\nrequire " + root + "/gone v0.1.0\n", "apps/shop: requires " + root + "/gone"},
		{"apps/shop/go.mod", "module " + root + "/apps/shop\n\ngo 1.26\n\nrequire " + root + "/e2e v0.1.0\n", "apps/shop: is published and requires"},
		{"core/glue/go.mod", "module " + root + "/core/glue\n\ngo 1.26\n\nrequire " + root + "/core v0.1.0\n", "core/glue: requires " + root + "/core without a replace line"},
		{"core/glue/go.mod", "module " + root + "/core/glue\n\ngo 1.26\n\nrequire " + root + "/core v0.1.0\n\nreplace " + root + "/core => ../../../core\n", "core/glue: replaces"},
		{"core/glue/go.mod", "module " + root + "/core/glue\n\ngo 1.26\n\nrequire " + root + "/core v0.1.0\n\nreplace (\n\t" + root + "/core => ../\n\texample.com/x => ../x\n)\n", "core/glue: replaces example.com/x"},
		{"core/README.md", "", "core: no README.md"},
		{"core/CHANGELOG.md", "", "core: published, and no CHANGELOG.md"},
		{"e2e/README.md", "", "e2e: no README.md"},
	} {
		files := workspacetest.Files()
		files[c.file] = c.text
		if c.text == "" {
			delete(files, c.file)
		}
		err := workspacetest.New(t, files).Check()
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Count(err.Error(), "\n") > 0 {
			t.Errorf("%s = %q: %v, want one complaint: %s", c.file, c.text, err, c.want)
		}
	}
}

func TestLoadRefusesWhatDoesNotFitTogether(t *testing.T) {
	for _, c := range []struct{ file, text, want string }{
		{"core/go.mod", "module example.com/other\n", "core/go.mod: module example.com/other"},
		{"core/go.mod", "", "core/go.mod: no such module"},
		{"tools/versions.txt", "core v0.1.0\n", "is in go.work and not listed"},
		{"tools/versions.txt", "core v0.1.0\ncore v0.1.0\n", "versions.txt:2: core is listed twice"},
		{"tools/versions.txt", "core 0.1\n", "versions.txt:1: 0.1 is not a version"},
		{"tools/versions.txt", "core\n", "versions.txt:1: want a directory and a version"},
		{"tools/versions.txt", "core v0.1.0\ncore/glue v0.1.0\napps/shop v0.1.0\ne2e -\ngone v0.1.0\n", "gone is listed and not in go.work"},
	} {
		files := workspacetest.Files()
		files[c.file] = c.text
		if c.text == "" {
			delete(files, c.file)
		}
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
		if _, err := workspace.Load(root); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s = %q: %v, want %s", c.file, c.text, err, c.want)
		}
	}
}

func TestFindLooksUpwards(t *testing.T) {
	w := workspacetest.New(t, workspacetest.Files())
	if root, err := workspace.Find(w.Abs("core", "greet")); err != nil || root != w.Root {
		t.Errorf("%s, %v; want %s", root, err, w.Root)
	}
	if _, err := workspace.Find(t.TempDir()); !errors.Is(err, workspace.ErrNoWorkspace) {
		t.Errorf("outside of a workspace: %v", err)
	}
}

func TestOrderedPutsRequiredModulesFirst(t *testing.T) {
	w := workspacetest.New(t, workspacetest.Files())
	var dirs []string
	for _, m := range w.Ordered() {
		dirs = append(dirs, m.Dir)
	}
	if got := strings.Join(dirs, " "); got != "core apps/shop core/glue e2e" {
		t.Error(got)
	}
}

func TestFilesAreThoseThatGitKnowsOrWouldAdd(t *testing.T) {
	w := workspacetest.New(t, workspacetest.Files())
	if _, err := workspace.Output(w.Command(t.Context(), workspace.Alone, ".", "git", "add", "core/README.md", "core/CHANGELOG.md")); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(w.Abs("core", "CHANGELOG.md")); err != nil {
		t.Fatal(err)
	}
	files, err := w.Files("core")
	want := []string{"core/README.md", "core/glue/CHANGELOG.md", "core/glue/README.md", "core/glue/glue.go", "core/glue/go.mod", "core/go.mod", "core/greet/greet.go"}
	if err != nil || !slices.Equal(files, want) {
		t.Errorf("%q, %v; want %q", files, err, want)
	}
}

func TestFormat(t *testing.T) {
	files := workspacetest.Files()
	files["core/greet/more.go"] = "package greet\nvar  x = []struct{n int}{struct{n int}{1}}\n"
	files["core/notes.txt"] = "var  x\n"
	w := workspacetest.New(t, files)
	names, err := w.Files(".")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := w.Unformatted(t.Context(), names); err != nil || !slices.Equal(got, []string{"core/greet/more.go"}) {
		t.Errorf("unformatted: %q, %v", got, err)
	}
	if err := w.Format(t.Context(), names); err != nil {
		t.Fatal(err)
	}
	if got, err := w.Unformatted(t.Context(), names); err != nil || len(got) > 0 {
		t.Errorf("still unformatted: %q, %v", got, err)
	}
}

func TestFuzzTargets(t *testing.T) {
	files := workspacetest.Files()
	files["core/greet/fuzz_test.go"] = "package greet_test\n\nimport \"testing\"\n\nfunc FuzzA(f *testing.F) {}\n\nfunc FuzzB(f *testing.F) {}\n\nfunc TestC(*testing.T) {}\n"
	files["core/greet/testdata/x_test.go"] = "package x\n\nfunc FuzzD() {}\n"
	got, err := workspacetest.New(t, files).FuzzTargets()
	want := []workspace.FuzzTarget{{Dir: "core/greet", Name: "FuzzA"}, {Dir: "core/greet", Name: "FuzzB"}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
}

func TestCommandErrorSaysWhatTheCommandSaid(t *testing.T) {
	w := workspacetest.New(t, workspacetest.Files())
	_, err := workspace.Output(w.Go(t.Context(), workspace.Alone, "core", "build", "./nowhere"))
	failed, ok := errors.AsType[*workspace.CommandError](err)
	if !ok || failed.Command != "go build ./nowhere" || !strings.Contains(failed.Output, "nowhere") {
		t.Errorf("%#v", err)
	}
}
