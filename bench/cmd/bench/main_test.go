package main

import (
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A short run of one group, from the measurement to the report and the gate.
func TestRunReportGate(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "results.txt")
	var out, progress strings.Builder
	args := []string{"run", "-only", "^(Fold|Append/.*sqlite.*n=1/callers=1$)", "-rounds", "2", "-window", "2ms", "-v2=false", "-o", file, "-dir", dir}
	if err := command(t.Context(), args, &out, &progress); err != nil {
		t.Fatal(err, progress.String())
	}
	data, err := os.ReadFile(file)
	if err != nil || string(data) != out.String() {
		t.Fatalf("the file is not what was printed, error %v", err)
	}
	for _, want := range []string{"\ncpu: ", "\nsqlite: 3.", "journal=wal synchronous=2", "\nplan: 2 rounds of 2ms", "\nload-after: "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, out.String())
		}
	}
	if n := strings.Count(out.String(), "\nBenchmarkAppend/impl=ours/db=sqlite/sync=FULL/n=1/callers=1-"); n != 2 {
		t.Errorf("%d lines of two rounds", n)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "bench-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	out.Reset()
	if err := command(t.Context(), []string{"report", file}, &out, &progress); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "| B1 | SQLite, 1 event, NORMAL, vs raw prepared insert | ") || !strings.Contains(out.String(), "**absent**: Load/impl=ours") {
		t.Errorf("report:\n%s", out.String())
	}
}

func TestGateFailsOnlyForMissedGoals(t *testing.T) {
	dir := t.TempDir()
	file, goals := filepath.Join(dir, "results.txt"), filepath.Join(dir, "goals.json")
	write(t, file, `BenchmarkS/impl=ours-2 1 100 ns/op 1 p50-us
BenchmarkS/impl=base-2 1 200 ns/op 2 p50-us
`)
	for bound, missed := range map[string]bool{"1.9": false, "2.1": true} {
		write(t, goals, `[{"id":"X","claim":"c","case":"S/impl=ours","base":"S/impl=base","estimator":"pairs","atLeast":`+bound+`},
			{"id":"Y","claim":"c","case":"S/impl=ours","base":"S/impl=gone","estimator":"pairs","atLeast":1}]`)
		var out strings.Builder
		err := command(t.Context(), []string{"gate", "-goals", goals, file}, &out, &out)
		if (err != nil) != missed {
			t.Errorf("bound %s: error %v\n%s", bound, err, out.String())
		}
		if !strings.Contains(out.String(), "X c: 2.00x") || !strings.Contains(out.String(), "absent") {
			t.Errorf("bound %s says:\n%s", bound, out.String())
		}
	}
}

func TestQuickLeavesWhatIsAskedFor(t *testing.T) {
	var progress strings.Builder
	s, err := parseRun([]string{"-quick", "-window", "7ms"}, &progress)
	if err != nil || s.plan.Rounds != 3 || s.plan.Window.String() != "7ms" || s.budget.String() != "2m55s" {
		t.Errorf("settings %+v, error %v", s, err)
	}
}

func TestBadArguments(t *testing.T) {
	for _, args := range [][]string{
		{}, {"walk"}, {"run", "-rounds", "0"}, {"run", "-only", "("}, {"run", "extra"}, {"run", "-window", "-1s"}, {"run", "-rows", "100000"},
		{"run", "-dir", "/nowhere/at/all"}, {"report", "/nowhere"}, {"gate", "-goals", "/nowhere"}, {"report", "-x"},
	} {
		var out strings.Builder
		if err := command(t.Context(), args, &out, &out); err == nil {
			t.Errorf("%q was taken", args)
		}
	}
	var out strings.Builder
	if err := command(t.Context(), nil, &out, &out); !errors.Is(err, flag.ErrHelp) || !strings.Contains(out.String(), "bench run") {
		t.Errorf("no arguments: %v, %q", err, out.String())
	}
}

func TestRunEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out strings.Builder
	if err := command(ctx, []string{"run", "-o=", "-only", "Fold", "-v2=false"}, &out, &out); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A run on PostgreSQL says what server that is, and leaves nothing behind.
func TestRunOnPostgres(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	for dir := os.Getenv("TMPDIR"); strings.Contains(dir, t.Name()); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o711); err != nil { // the server may have a user of its own
			t.Fatal(err)
		}
	}
	var out, progress strings.Builder
	args := []string{"run", "-only", "^Conflict/", "-rounds", "1", "-window", "2ms", "-o="}
	if err := command(t.Context(), args, &out, &progress); err != nil {
		t.Fatal(err, progress.String())
	}
	for _, want := range []string{"\npostgres: ", " fsync=on ", "\npostgres-rtt: ", "\nBenchmarkConflict/impl=stale/db=postgres/n=1/callers=1-"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "sqlite: ") {
		t.Error("the header is about SQLite, which was not measured")
	}
	if left, err := filepath.Glob(filepath.Join(os.Getenv("TMPDIR"), "*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// Without a server its cases are absent, each with the reason, and the others are measured.
func TestRunWithoutPostgres(t *testing.T) {
	t.Setenv("POSTGRES_URL", "postgres://somebody:secret@127.0.0.1:1/bench?sslmode=disable&connect_timeout=5")
	dir := t.TempDir()
	var out, progress strings.Builder
	err := command(t.Context(), []string{"run", "-only", "^(Fold/impl=ours|Conflict)", "-rounds", "1", "-window", "2ms", "-o=", "-dir", dir}, &out, &progress)
	if err == nil || err.Error() != "2 cases have no figures" {
		t.Errorf("error %v", err)
	}
	for _, want := range []string{"\npostgres: none\n", "\nBenchmarkFold/impl=ours/", "\n# absent Conflict/impl=stale/db=postgres/n=1/callers=1: "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "secret") {
		t.Error("the password is in the results")
	}
}
