package lint_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/eventsource-go/eventsource/tools/lint"
	"github.com/eventsource-go/eventsource/tools/workspace"
	"github.com/eventsource-go/eventsource/tools/workspacetest"
)

// faulty breaks one rule of the configuration in each file, named after the linter that finds it.
var faulty = map[string]string{
	"staticcheck":    "import \"regexp\"\n\nvar Bad = regexp.MustCompile(\"(\")",
	"unused":         "func nobody() {}",
	"ineffassign":    "func Twice(n int) int {\n\tm := n\n\tm = n * 2\n\tm = 3\n\treturn m\n}",
	"errcheck":       "import \"os\"\n\nfunc Gone() { os.Chdir(\"x\") }",
	"errorlint":      "import \"io\"\n\nfunc End(err error) bool { return err == io.ErrShortWrite }",
	"gochecksumtype": "//sumtype:decl\ntype sum interface{ isSum() }\n\ntype one struct{}\n\ntype two struct{}\n\nfunc (one) isSum() {}\n\nfunc (two) isSum() {}\n\nfunc Which(s sum) int {\n\tswitch s.(type) {\n\tcase one:\n\t\treturn 1\n\t}\n\treturn 0\n}",
	"depguard":       "import (\n\t\"example.com/acme/e2e/kit\"\n\t\"testing\"\n)\n\nvar X = kit.X\n\nvar _ testing.TB",
	"forbidigo":      "import (\n\t\"context\"\n\t\"fmt\"\n\t\"time\"\n)\n\nfunc Now() time.Time { return time.Now() }\n\nfunc Ctx() context.Context { return context.Background() }\n\nfunc Say() { fmt.Println(1) }",
	"modernize":      "func Sum(n int) (s int) {\n\tfor i := 0; i < n; i++ {\n\t\ts += i\n\t}\n\treturn s\n}",
	"nolintlint":     "import \"os\"\n\nfunc Gone() { os.Chdir(\"x\") } //nolint:errcheck",
	"bodyclose":      "import \"net/http\"\n\nfunc Get(c *http.Client) (int, error) {\n\tres, err := c.Get(\"x\")\n\tif err != nil {\n\t\treturn 0, err\n\t}\n\treturn res.StatusCode, nil\n}",
	"rowserrcheck":   "import (\n\t\"context\"\n\t\"database/sql\"\n)\n\nfunc Rows(ctx context.Context, db *sql.DB) (n int, err error) {\n\trows, err := db.QueryContext(ctx, \"x\")\n\tif err != nil {\n\t\treturn 0, err\n\t}\n\tdefer rows.Close()\n\tfor rows.Next() {\n\t\tn++\n\t}\n\treturn n, nil\n}",
}

// withConfig makes a small workspace with this repository's linter and configuration.
func withConfig(t *testing.T, files map[string]string) *workspace.Workspace {
	t.Helper()
	w, err := workspace.Here()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{".golangci.yml", "tools/golangci/go.mod", "tools/golangci/go.sum"} {
		data, err := os.ReadFile(w.Abs(name))
		if err != nil {
			t.Fatal(err)
		}
		text := string(data)
		if name == ".golangci.yml" {
			text = strings.ReplaceAll(text, w.Path, workspacetest.Root)
		}
		files[name] = text
	}
	return workspacetest.New(t, files)
}

func TestEveryLinterOfTheConfigurationBites(t *testing.T) {
	files := workspacetest.Files()
	files["e2e/kit/kit.go"] = "// Package kit is what core may not import.\npackage kit\n\n// X is a value.\nvar X = 1\n"
	for name, body := range faulty {
		files["core/"+name+"/"+name+".go"] = fmt.Sprintf("package %s\n\n%s\n", name, body)
	}
	w := withConfig(t, files)
	config, err := os.ReadFile(w.Abs(".golangci.yml"))
	if err != nil {
		t.Fatal(err)
	}
	enabled, _, _ := strings.Cut(string(config), "settings:")
	for line := range strings.Lines(enabled) {
		fields := strings.Fields(line)
		if len(fields) < 2 || fields[0] != "-" {
			continue
		}
		if _, ok := faulty[fields[1]]; !ok {
			t.Errorf("%s is enabled and has no example here", fields[1])
		}
		if len(fields) < 4 || fields[2] != "#" {
			t.Errorf("%s is enabled without a reason beside it", fields[1])
		}
	}
	linter, err := lint.New(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	err = linter.Run(t.Context(), workspace.Together, "core", false)
	if err == nil {
		t.Fatal("nothing was found")
	}
	for name := range faulty {
		want := 1
		switch name {
		case "depguard":
			want = 2
		case "forbidigo":
			want = 3
		}
		if got := strings.Count(err.Error(), "core/"+name+"/"+name+".go:"); got < want {
			t.Errorf("%s found %d of %d", name, got, want)
		}
		if !strings.Contains(err.Error(), "("+name+")") {
			t.Errorf("%s found nothing", name)
		}
	}
	if t.Failed() {
		t.Log(err)
	}
}

func TestACleanTreeIsClean(t *testing.T) {
	w := withConfig(t, workspacetest.Files())
	linter, err := lint.New(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"core", "core/glue", "e2e"} {
		if err := linter.Run(t.Context(), workspace.Together, dir, false); err != nil {
			t.Error(err)
		}
	}
}

func TestReport(t *testing.T) {
	vet, lints := errors.New("vet: bad"), errors.New("lint: worse")
	for _, c := range []struct {
		found []error
		want  string
	}{
		{[]error{nil, nil}, "core: ok\n"},
		{[]error{vet, nil}, "core: vet: bad\n"},
		{[]error{vet, lints}, "core: vet: bad\ncore: lint: worse\n"},
	} {
		var b strings.Builder
		clean := lint.Report(&b, "core", c.found...)
		if b.String() != c.want || clean != (c.want == "core: ok\n") {
			t.Errorf("%v: %v, %q", c.found, clean, b.String())
		}
	}
}
