package tidy_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/eventsource-go/eventsource/tools/tidy"
	"github.com/eventsource-go/eventsource/tools/workspace"
	"github.com/eventsource-go/eventsource/tools/workspacetest"
)

func tidied(t *testing.T, w *workspace.Workspace, dir string) (goMod string, changed []string) {
	t.Helper()
	t.Setenv("GOPROXY", "off") // everything is in the repository
	m, ok := w.Module(dir)
	if !ok {
		t.Fatalf("no module %s", dir)
	}
	changed, err := tidy.Module(t.Context(), w, m)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(w.Abs(dir, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	return string(data), changed
}

func TestAnApplicationIsTidiedAgainstItsPackedSiblings(t *testing.T) {
	files := workspacetest.Files()
	files["apps/shop/main.go"] = "package main\n\nimport \"" + workspacetest.Root + "/core/glue\"\n\nfunc main() { println(glue.Twice()) }\n"
	files["apps/shop/go.sum"] = workspacetest.Root + "/core v0.1.0 h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
	w := workspacetest.New(t, files)
	goMod, changed := tidied(t, w, "apps/shop")
	if !strings.Contains(goMod, workspacetest.Root+"/core/glue v0.1.0") || strings.Contains(goMod, "replace") {
		t.Errorf("go.mod is\n%s", goMod)
	}
	if goSum, err := os.ReadFile(w.Abs("apps", "shop", "go.sum")); err != nil || len(goSum) > 0 {
		t.Errorf("go.sum keeps checksums of siblings: %q, %v", goSum, err)
	}
	if want := []string{"apps/shop/go.mod", "apps/shop/go.sum"}; !slices.Equal(changed, want) {
		t.Errorf("changed %q, want %q", changed, want)
	}
}

func TestALibraryIsTidiedInPlace(t *testing.T) {
	files := workspacetest.Files()
	files["core/go.mod"] += "\nrequire example.com/unused v1.0.0\n"
	w := workspacetest.New(t, files)
	if goMod, changed := tidied(t, w, "core"); strings.Contains(goMod, "unused") || !slices.Equal(changed, []string{"core/go.mod"}) {
		t.Errorf("changed %q, go.mod is\n%s", changed, goMod)
	}
	if goMod, changed := tidied(t, w, "core/glue"); len(changed) > 0 {
		t.Errorf("was tidy, changed %q, go.mod is\n%s", changed, goMod)
	}
}
