package workspace_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/eventsource-go/eventsource/tools/pack"
	"github.com/eventsource-go/eventsource/tools/workspacetest"
)

// core/glue stands for a driver that asks for one version of core; others may require it only together with that.
func TestCheckPinned(t *testing.T) {
	const driver, dependency = workspacetest.Root + "/core/glue", workspacetest.Root + "/core"
	proxy := filepath.Join(t.TempDir(), "proxy")
	if _, err := pack.Write(workspacetest.New(t, workspacetest.Files()), proxy); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOPROXY", pack.URL(proxy))
	t.Setenv("GOMODCACHE", t.TempDir())
	t.Setenv("GOFLAGS", "-modcacherw")
	t.Setenv("GONOPROXY", "none")
	t.Setenv("GONOSUMDB", workspacetest.Root)
	for _, c := range []struct{ requires, want string }{
		{driver + " v0.1.0\nrequire " + dependency + " v0.1.0", ""},
		{driver + " v0.1.0\nrequire " + dependency + " v0.2.0", "v0.1.0 asks for v0.1.0"},
		{driver + " v0.1.0", "v0.1.0 asks for v0.1.0"},
		{dependency + " v0.1.0", "without " + driver},
		{"example.com/other v1.0.0", ""},
	} {
		files := workspacetest.Files()
		files["go.work"] = "go 1.26.0\n\nuse ./core\n"
		files["tools/versions.txt"] = "core v0.1.0\n"
		files["core/go.mod"] = "module " + dependency + "\n\ngo 1.26\n\nrequire " + c.requires + "\n"
		err := workspacetest.New(t, files).CheckPinned(t.Context(), driver, dependency)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.requires, err, c.want)
		}
	}
}
