package testrun_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/eventsource-go/eventsource/tools/testrun"
	"github.com/eventsource-go/eventsource/tools/workspace"
	"github.com/eventsource-go/eventsource/tools/workspacetest"
)

func testFile(pkg, body string) string {
	return "package " + pkg + "\n\nimport (\n\t\"fmt\"\n\t\"os\"\n\t\"testing\"\n)\n\nvar _, _ = fmt.Sprint, os.Exit\n\n" + body
}

// run tests the packages given, whose names are directories in core, and returns all that was written.
func run(t *testing.T, packages map[string]string) (out string, passed bool) {
	t.Helper()
	files := workspacetest.Files()
	for name, body := range packages {
		files["core/"+name+"/"+name+"_test.go"] = testFile(name, body)
	}
	var b strings.Builder
	r := testrun.Run{Workspace: workspacetest.New(t, files), Out: &b, Quiet: -1}
	r.Tests(t.Context(), workspace.Together, "core")
	passed = r.Report()
	return b.String(), passed
}

func TestLeavesAreCounted(t *testing.T) {
	out, passed := run(t, map[string]string{
		"good": `func TestA(t *testing.T) {}
func TestB(t *testing.T) {
	t.Run("one", func(t *testing.T) {})
	t.Run("two", func(t *testing.T) { t.Run("deep", func(t *testing.T) {}) })
}
func Example() {
	fmt.Println("x")
	// Output: x
}
func FuzzC(f *testing.F) { f.Add(1); f.Fuzz(func(t *testing.T, n int) {}) }
`,
		"empty": "var _ *testing.T\n",
	})
	if !passed || !strings.HasSuffix(out, "\n5 passed, 0 failed, 0 skipped\n") {
		t.Error(out)
	}
}

func TestEveryKindOfFailureIsCountedAndShown(t *testing.T) {
	for name, c := range map[string]struct {
		body  string
		total string
		shown []string
	}{
		"subtest": {`func TestF(t *testing.T) {
	t.Run("ok", func(t *testing.T) {})
	t.Run("bad", func(t *testing.T) { t.Error("it is", "bad") })
}`, "1 passed, 1 failed", []string{"core/subtest TestF/bad\n", "it is bad"}},
		"frame": {`func TestF(t *testing.T) {
	t.Run("ok", func(t *testing.T) {})
	t.Error("the frame", "itself")
}`, "1 passed, 1 failed", []string{"core/frame TestF\n", "the frame itself"}},
		"broken": {"func TestF(t *testing.T) { undefined() }", "0 passed, 1 failed", []string{"core/broken\n", "undefined: undefined"}},
		"exits":  {"func TestF(t *testing.T) {}\nfunc TestX(t *testing.T) { os.Exit(3) }", "1 failed", []string{"core/exits TestX\n"}},
		"panics": {`func TestP(t *testing.T) { panic("oh" + "no") }`, "0 passed, 1 failed", []string{"core/panics TestP\n", "panic: ohno"}},
		"races": {`func TestR(t *testing.T) {
	n, done := 0, make(chan struct{})
	go func() { n++; close(done) }()
	n++
	<-done
}`, "0 passed, 1 failed", []string{"core/races TestR\n", "DATA RACE", "-test.shuffle"}},
		"skips": {`func TestS(t *testing.T) { t.Skip("not today") }`, "0 passed, 0 failed, 1 skipped", []string{"core/skips TestS\n"}},
		"main":  {"func TestMain(m *testing.M) { fmt.Println(\"no\" + \"thing ran\"); os.Exit(1) }", "0 passed, 1 failed", []string{"core/main\n", "nothing ran"}},
	} {
		t.Run(name, func(t *testing.T) {
			out, passed := run(t, map[string]string{name: c.body})
			lines := strings.Split(strings.TrimSpace(out), "\n")
			if passed || !strings.Contains(lines[len(lines)-1], c.total) {
				t.Errorf("passed: %v, total: %s", passed, lines[len(lines)-1])
			}
			for _, want := range c.shown {
				if !strings.Contains(out, want) {
					t.Errorf("%q is not shown in\n%s", want, out)
				}
			}
		})
	}
}

func TestAModuleThatCannotBeLoadedFails(t *testing.T) {
	w := workspacetest.New(t, workspacetest.Files())
	var b strings.Builder
	r := testrun.Run{Workspace: w, Out: &b, Quiet: -1}
	r.Tests(t.Context(), workspace.Alone, "apps/shop") // its sibling is on no proxy
	if r.Report() || !strings.Contains(b.String(), workspacetest.Root+"/core") {
		t.Error(b.String())
	}
}

func TestNothingRunIsNoSuccess(t *testing.T) {
	var b strings.Builder
	if (&testrun.Run{Out: &b}).Report() {
		t.Error(b.String())
	}
}

func TestSilenceIsBroken(t *testing.T) {
	files := workspacetest.Files()
	files["core/slow/slow_test.go"] = testFile("slow", "func TestSlow(t *testing.T) { <-t.Context().Done() }")
	lines := make(writer)
	w := workspacetest.New(t, files)
	go func() {
		defer close(lines)
		r := testrun.Run{Workspace: w, Out: lines, Quiet: 10 * time.Millisecond}
		r.Tests(t.Context(), workspace.Together, "core/glue") // no tests at all: compiles, and says so
	}()
	said := false
	for line := range lines {
		said = said || strings.Contains(line, "… compiling")
	}
	if !said {
		t.Error("nothing was said while it compiled")
	}
}

type writer chan string

func (w writer) Write(p []byte) (int, error) { w <- string(p); return len(p), nil }

func TestAllRunsEveryStepOfTheModulesNamed(t *testing.T) {
	w := workspacetest.New(t, workspacetest.Files())
	var b strings.Builder
	r := testrun.Run{Workspace: w, Out: &b}
	if err := r.All(t.Context(), []string{"core/glue", "e2e", "apps/shop"}); err != nil {
		t.Fatal(err)
	}
	r.Report()
	out := b.String()
	for _, want := range []string{
		"ok    format", "FAIL  build the linter", // this workspace pins none
		"ok    vet core/glue", "ok    alone core/glue", "FAIL  lint core/glue",
		"ok    vet e2e", "ok    e2e: 1 passed", "ok    alone e2e",
		"ok    vet apps/shop", "test apps/shop",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing", want)
		}
	}
	for _, not := range []string{"alone apps/shop", "vet core ", "vet tools"} {
		if strings.Contains(out, not) {
			t.Errorf("%q was run", not)
		}
	}
	// The steps were counted in advance.
	var last, steps int
	for line := range strings.Lines(out) {
		fmt.Sscanf(line, "[%d/%d]", &last, &steps)
	}
	if last != steps || steps != 13 {
		t.Errorf("ended at step %d of %d", last, steps)
	}
	if t.Failed() {
		t.Log(out)
	}
	if err := r.All(t.Context(), []string{"gone"}); err == nil || !strings.Contains(err.Error(), "gone") {
		t.Errorf("a module that is not there: %v", err)
	}
}

func TestUnformattedFilesFail(t *testing.T) {
	files := workspacetest.Files()
	files["core/greet/ugly.go"] = "package greet\nvar  x int\n"
	var b strings.Builder
	r := testrun.Run{Workspace: workspacetest.New(t, files), Out: &b}
	if err := r.All(t.Context(), []string{"apps/shop"}); err != nil {
		t.Fatal(err)
	}
	if r.Report() || !strings.Contains(b.String(), "core/greet/ugly.go") {
		t.Error(b.String())
	}
}

func TestALibraryThatIsNotTidyFailsAlone(t *testing.T) {
	files := workspacetest.Files()
	files["core/glue/glue.go"] = "// Package glue needs no sibling any more.\npackage glue\n"
	var b strings.Builder
	r := testrun.Run{Workspace: workspacetest.New(t, files), Out: &b}
	if err := r.All(t.Context(), []string{"core/glue"}); err != nil {
		t.Fatal(err)
	}
	if r.Report() || !strings.Contains(b.String(), "FAIL  alone core/glue") || !strings.Contains(b.String(), "-require "+workspacetest.Root+"/core v0.1.0") {
		t.Error(b.String())
	}
}
