// Package evidence is what a run leaves behind: the seed that made it, its reports, and, if it
// failed, the files that say why.
package evidence

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// The environment that a run heeds.
const (
	SeedVariable    = "E2E_SEED"    // a number; the run with it makes the same choices
	ReportsVariable = "E2E_REPORTS" // a folder for reports, and for what failed runs leave
)

// Seed returns the number that the choices of the test are made from, and logs how to repeat
// them.
func Seed(tb testing.TB) uint64 {
	tb.Helper()
	seed := rand.Uint64()
	if text := os.Getenv(SeedVariable); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			tb.Fatalf("%s=%q is not a number", SeedVariable, text)
		}
	}
	tb.Logf("again with %s=%d go test -run '^%s$'", SeedVariable, seed, strings.ReplaceAll(tb.Name(), "/", "$/^"))
	return seed
}

// Rand returns the source of one part's choices, which do not depend on those of other parts.
func Rand(seed uint64, part uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, part)) }

// dirs has one folder for each running test.
var dirs sync.Map // of testing.TB to string

// Dir returns a folder of the test for what it writes. It is removed with the test, unless that
// fails; then its name is logged. It is the same folder each time.
func Dir(tb testing.TB) string {
	tb.Helper()
	if dir, ok := dirs.Load(tb); ok {
		return dir.(string)
	}
	parent := os.Getenv(ReportsVariable)
	if parent != "" {
		if err := os.MkdirAll(parent, 0o755); err != nil {
			tb.Fatal(err)
		}
	}
	name := strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\*:#`, r) {
			return '-'
		}
		return r
	}, tb.Name())
	dir, err := os.MkdirTemp(parent, name+"-")
	if err != nil {
		tb.Fatal(err)
	}
	dirs.Store(tb, dir)
	tb.Cleanup(func() {
		dirs.Delete(tb)
		if tb.Failed() {
			tb.Logf("kept: %s", dir)
			return
		}
		if err := os.RemoveAll(dir); err != nil {
			tb.Errorf("remove %s: %v", dir, err)
		}
	})
	return dir
}

// Report logs v, and writes it as <name>.json to the folder for reports, or to that of the test.
func Report(tb testing.TB, name string, v any) {
	tb.Helper()
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		tb.Fatal(err)
	}
	dir := os.Getenv(ReportsVariable)
	if dir == "" {
		dir = Dir(tb)
	} else if err := os.MkdirAll(dir, 0o755); err != nil {
		tb.Fatal(err)
	}
	path := filepath.Join(dir, name+".json")
	if err := os.WriteFile(path, append(text, '\n'), 0o644); err != nil {
		tb.Fatal(err)
	}
	tb.Logf("%s: %s", path, text)
}
