package usage_test

import (
	"errors"
	"flag"
	"os/exec"
	"strings"
	"testing"

	"github.com/eventsource-go/eventsource/tools/usage"
	"github.com/eventsource-go/eventsource/tools/workspace"
)

func TestHelpNamesTheTask(t *testing.T) {
	for _, c := range []struct {
		args string
		flag bool
		want string
	}{
		{"", false, "Usage: ./task brew\n\nMakes tea.\n"},
		{"[CUP...]", false, "Usage: ./task brew [CUP...]\n\nMakes tea.\n"},
		{"", true, "Usage: ./task brew [-hot]\n\nMakes tea.\n\nFlags:\n  -hot\n    \tnot iced\n"},
	} {
		var b strings.Builder
		flags := flag.NewFlagSet("/tmp/go-build/exe/brew", flag.ContinueOnError)
		flags.SetOutput(&b)
		if c.flag {
			flags.Bool("hot", false, "not iced")
		}
		usage.Set(flags, "brew", c.args, "Makes tea.")
		if err := flags.Parse([]string{"-h"}); !errors.Is(err, flag.ErrHelp) || b.String() != c.want {
			t.Errorf("%v, %q, want %q", err, b.String(), c.want)
		}
	}
}

// The programs themselves, as ./task calls them.
func TestEveryProgramExplainsItself(t *testing.T) {
	w, err := workspace.Here()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if _, err := workspace.Output(w.Go(t.Context(), workspace.Alone, "tools", "build", "-o", dir, "./cmd/...")); err != nil {
		t.Fatal(err)
	}
	for program, want := range map[string]string{
		"docs":   "Usage: ./task docs\n",
		"fmt":    "Usage: ./task fmt\n",
		"fuzz":   "Usage: ./task fuzz [-for DURATION] [-run TEXT]\n",
		"lint":   "Usage: ./task lint [-fix] [MODULE...]\n",
		"pack":   "Usage: ./task pack\n",
		"rename": "Usage: ./task rename-module NEW/PATH\n",
		"setup":  "Usage: ./task setup\n",
		"test":   "Usage: ./task test [MODULE...]\n",
		"tidy":   "Usage: ./task tidy [MODULE...]\n",
	} {
		out, err := exec.CommandContext(t.Context(), dir+"/"+program, "-h").CombinedOutput()
		if err != nil || !strings.HasPrefix(string(out), want) || strings.Contains(string(out), dir) {
			t.Errorf("%s -h: %v\n%s", program, err, out)
		}
	}
	// What takes no arguments does nothing when it is given one.
	for _, program := range []string{"docs", "fmt", "fuzz", "pack", "setup"} {
		out, err := exec.CommandContext(t.Context(), dir+"/"+program, "nosuch").CombinedOutput()
		if err == nil || !strings.Contains(string(out), "nosuch\nUsage: ./task "+program) {
			t.Errorf("%s nosuch: %v\n%s", program, err, out)
		}
	}
	for program, last := range map[string]string{"lint": "tools", "test": "tools", "tidy": "stores/sqlite"} {
		out, err := exec.CommandContext(t.Context(), dir+"/"+program, "core", "nosuch").CombinedOutput()
		first, _, _ := strings.Cut(string(out), "\n")
		if err == nil || !strings.HasPrefix(first, program+": nosuch is not a module of the workspace: ") || !strings.HasSuffix(first, ", "+last) {
			t.Errorf("%s core nosuch: %v\n%s", program, err, out)
		}
		if strings.Contains(string(out), "passed") {
			t.Errorf("%s core nosuch: a table of nothing\n%s", program, out)
		}
	}
}
