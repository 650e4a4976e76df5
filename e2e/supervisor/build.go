package supervisor

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"sync"
	"testing"
)

// built has what was built in this run.
var built sync.Map // of string to func() (string, error)

// Build returns the path of the program in the package at dir, which is relative to the root of
// the repository. It is built once in a run of tests, with what is in the workspace.
func Build(tb testing.TB, dir string) string { tb.Helper(); return build(tb, dir) }

// BuildRace is Build with the race detector. A program that finds a race fails the test that
// started it.
func BuildRace(tb testing.TB, dir string) string { tb.Helper(); return build(tb, dir, "-race") }

func build(tb testing.TB, dir string, flags ...string) string {
	tb.Helper()
	key := fmt.Sprint(dir, flags)
	once, _ := built.LoadOrStore(key, sync.OnceValues(func() (string, error) { return compile(dir, flags) }))
	program, err := once.(func() (string, error))()
	if err != nil {
		tb.Fatal(err)
	}
	return program
}

// compile leaves the program in the folder for what is built, under a name that is also that of
// the last one: a test that still runs that keeps it.
func compile(dir string, flags []string) (program string, err error) {
	root, err := root()
	if err != nil {
		return "", err
	}
	bin := filepath.Join(root, ".build", "e2e")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return "", err
	}
	fresh, err := os.MkdirTemp(bin, "fresh-")
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(fresh)) }()
	name := path.Base(dir)
	for _, flag := range flags {
		name += flag
	}
	cmd := exec.Command("go", append(append([]string{"build", "-o", filepath.Join(fresh, name)}, flags...), "./"+dir)...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOWORK="+filepath.Join(root, "go.work"), "PWD="+root)
	if said, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", dir, err, said)
	}
	program = filepath.Join(bin, name)
	return program, os.Rename(filepath.Join(fresh, name), program)
}

// root returns the folder of the workspace.
func root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.work")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("there is no go.work above the working directory")
		}
		dir = parent
	}
}
