package docs_test

import (
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/eventsource-go/eventsource/tools/docs"
	"github.com/eventsource-go/eventsource/tools/workspace"
)

func documents(t *testing.T) (*workspace.Workspace, []string) {
	t.Helper()
	w, err := workspace.Here()
	if err != nil {
		t.Fatal(err)
	}
	files, err := w.Files(".")
	if err != nil {
		t.Fatal(err)
	}
	files = slices.DeleteFunc(files, func(name string) bool { return path.Ext(name) != ".md" })
	if len(files) < 5 {
		t.Fatalf("found %d documents", len(files))
	}
	return w, files
}

func TestDocumentsQuoteTestedExamples(t *testing.T) {
	w, files := documents(t)
	quoting := 0
	for _, name := range files {
		old, filled, err := docs.Fill(w.Root, name)
		if err != nil {
			t.Error(err)
			continue
		}
		quoting += strings.Count(filled, "\n<!-- example: ")
		if old != filled {
			t.Errorf("%s: a block differs from its example; ./task docs copies it anew", name)
		}
	}
	if quoting == 0 {
		t.Error("no document quotes an example")
	}
}

func TestLinksResolve(t *testing.T) {
	w, files := documents(t)
	for _, name := range files {
		broken, err := docs.BrokenLinks(w.Root, name)
		if err != nil {
			t.Error(err)
		}
		for _, b := range broken {
			t.Error(b)
		}
	}
}

const source = `package bank_test

import (
	"fmt"
)

// Account is a state.
type Account struct{ Balance int }

func (a *Account) Apply(n int) { a.Balance += n }

var (
	one = 1
	two = 2
)

// Example shows it.
func Example() {
	var a Account
	if true {
		a.Apply(one)
	}
	fmt.Println(a.Balance)
	// Output: 1
}
`

const body = "var a Account\nif true {\n\ta.Apply(one)\n}\nfmt.Println(a.Balance)\n// Output: 1\n"

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	full := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return full
}

func TestQuote(t *testing.T) {
	file := write(t, t.TempDir(), "example_test.go", source)
	for _, c := range []struct {
		names string
		want  string
	}{
		{"Example", body},
		{"Account.Apply", "func (a *Account) Apply(n int) { a.Balance += n }\n"},
		{"Account,two,one,Example", "// Account is a state.\ntype Account struct{ Balance int }\n\nvar (\n\tone = 1\n\ttwo = 2\n)\n\n" + body},
		{"", source[strings.Index(source, "// Account"):]},
		{"main", strings.NewReplacer("package bank_test", "package main", "func Example()", "func main()").Replace(source)},
	} {
		var names []string
		if c.names != "" {
			names = strings.Split(c.names, ",")
		}
		got, err := docs.Quote(file, names)
		if err != nil || got != c.want {
			t.Errorf("Quote(%q) = %q, %v; want %q", c.names, got, err, c.want)
		}
	}
	library := write(t, t.TempDir(), "doc_test.go", "package bank_test\n")
	if _, err := docs.Quote(library, []string{"main"}); err == nil || !strings.Contains(err.Error(), "no Example") {
		t.Errorf("a program without an Example: %v", err)
	}
	if _, err := docs.Quote(file, []string{"Gone"}); err == nil || !strings.Contains(err.Error(), "Gone") {
		t.Errorf("a name that is not there: %v", err)
	}
}

func TestFill(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "sub/example_test.go", source)
	const head = "# Bank\n\n<!-- example: sub/example_test.go#Example -->\n"
	want := head + "```go\n" + body + "```\n\nMore.\n"
	for name, text := range map[string]string{
		"without a block":    head + "\nMore.\n",
		"with an old one":    head + "```go\nold()\n\nolder()\n```\n\nMore.\n",
		"with the newest":    want,
		"explained in prose": want + "Write `<!-- example: file -->` to quote.\n",
		"with a space":       strings.Replace(head, "#Example", " Example", 1) + "\nMore.\n",
	} {
		write(t, dir, "README.md", text)
		_, got, err := docs.Fill(dir, "README.md")
		if err != nil || !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q, %v; want %q", name, got, err, want)
		}
	}
	for _, text := range []string{
		"<!-- example:sub/example_test.go#Example -->\n",
		"see <!-- example: sub/example_test.go#Example -->\n",
		"<!-- example: gone_test.go#Example -->\n",
	} {
		write(t, dir, "README.md", text)
		if _, _, err := docs.Fill(dir, "README.md"); err == nil {
			t.Errorf("%q was accepted", text)
		}
	}
	write(t, dir, "other/README.md", head)
	if _, got, err := docs.Fill(dir, "other/README.md"); err != nil || !strings.Contains(got, body) {
		t.Errorf("a file named from the root: %q, %v", got, err)
	}
}

func TestBrokenLinks(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "docs/there.md", "# It's a `small` Title\n")
	write(t, dir, "README.md", strings.Join([]string{
		"[ok](docs/there.md) [ok](docs) [ok](docs/there.md#its-a-small-title) [ok](#top) [url](https://example.com/x)",
		"# Top",
		"`[code](nowhere)`",
		"```",
		"[fenced](nowhere)",
		"```",
		"[a](docs/gone.md) [b](docs/there.md#gone) [c](../outside.md) [d](#gone)",
	}, "\n"))
	broken, err := docs.BrokenLinks(dir, "README.md")
	want := []string{"docs/gone.md", "docs/there.md#gone", "../outside.md", "#gone"}
	if err != nil || len(broken) != len(want) {
		t.Fatalf("%q, %v", broken, err)
	}
	for i := range want {
		if !strings.Contains(broken[i], " "+want[i]+" ") {
			t.Errorf("%q, want one about %s", broken[i], want[i])
		}
	}
}
