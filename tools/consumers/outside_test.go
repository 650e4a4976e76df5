package consumers_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/eventsource-go/eventsource/tools/consumers"
	"github.com/eventsource-go/eventsource/tools/workspacetest"
)

// What was packed before at the same version is forgotten, the go command's index of its imports too.
func TestPackedAgainStrangersSeeTheNewContent(t *testing.T) {
	t.Setenv("GOPROXY", "off") // everything is in the repository
	w := workspacetest.New(t, workspacetest.Files())
	core, _ := w.Module("core")
	const program = "package main\n\nimport \"" + workspacetest.Root + "/core/greet\"\n\nfunc main() { print(greet.Hello()) }\n"
	for _, greet := range []string{
		"package greet\n\nfunc Hello() string { return \"hello\" }\n",
		"package greet\n\nimport \"fmt\"\n\nfunc Hello() string { return fmt.Sprint(\"hello\") }\n",
	} {
		if err := os.WriteFile(w.Abs("core", "greet", "greet.go"), []byte(greet), 0o644); err != nil {
			t.Fatal(err)
		}
		o, err := consumers.Prepare(t.Context(), w)
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		if err := o.Module(dir, core, map[string]string{"main.go": program}); err != nil {
			t.Fatal(err)
		}
		output(t, o, dir, "-mod=readonly", "go", "build", "-o", filepath.Join(dir, "program"), ".")
	}
}
