package evidence

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// recorder is a test that may fail, and end, before the test around it does.
type recorder struct {
	testing.TB
	failed   bool
	said     string
	cleanups []func()
}

func (r *recorder) Name() string            { return "Some/test" }
func (r *recorder) Failed() bool            { return r.failed }
func (r *recorder) Cleanup(f func())        { r.cleanups = append(r.cleanups, f) }
func (r *recorder) Logf(f string, _ ...any) { r.said += f }
func (r *recorder) end() {
	for _, f := range r.cleanups {
		f()
	}
}

func TestSeedFromTheEnvironment(t *testing.T) {
	t.Setenv(SeedVariable, "42")
	if seed := Seed(t); seed != 42 {
		t.Errorf("seed %d", seed)
	}
	if a, b := Rand(42, 1).Uint64(), Rand(42, 1).Uint64(); a != b {
		t.Error("the same seed makes other choices")
	}
	if Rand(42, 1).Uint64() == Rand(42, 2).Uint64() {
		t.Error("two parts make the same choices")
	}
	t.Setenv(SeedVariable, "")
	if Seed(t) == Seed(t) {
		t.Error("without a number each run is the same")
	}
}

func TestDirIsKeptByFailedTestsOnly(t *testing.T) {
	for _, failed := range []bool{false, true} {
		t.Setenv(ReportsVariable, filepath.Join(t.TempDir(), "made", "on", "demand"))
		r := &recorder{TB: t, failed: failed}
		dir := Dir(r)
		if dir != Dir(r) || filepath.Dir(dir) != os.Getenv(ReportsVariable) {
			t.Errorf("%s, then %s", dir, Dir(r))
		}
		r.end()
		if _, err := os.Stat(dir); (err == nil) != failed || strings.Contains(r.said, "kept") != failed {
			t.Errorf("failed %v: %v, said %q", failed, err, r.said)
		}
	}
}

func TestReport(t *testing.T) {
	t.Setenv(ReportsVariable, filepath.Join(t.TempDir(), "reports"))
	Report(t, "counts", map[string]int{"kills": 20})
	text, err := os.ReadFile(filepath.Join(os.Getenv(ReportsVariable), "counts.json"))
	var report map[string]int
	if err != nil || json.Unmarshal(text, &report) != nil || report["kills"] != 20 {
		t.Errorf("%s %v", text, err)
	}
}
