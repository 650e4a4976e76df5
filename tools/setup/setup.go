// Package setup finds out which programs the tests need that Go does not bring, and installs those that are missing.
package setup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// Requirement is a program that tests start.
type Requirement struct {
	Name string
	Why  string
	Any  []string // commands, one of which suffices
	Apt  []string // Debian packages that bring it
}

// Requirements are all there are. A test that needs a server of its own adds it here.
var Requirements = []Requirement{
	{Name: "a C compiler", Why: "the race detector links with cgo", Any: []string{"gcc", "clang", "cc"}, Apt: []string{"gcc", "libc6-dev"}},
	{Name: "Chromium", Why: "the pages are tested in a browser", Any: []string{"chromium", "chromium-browser", "google-chrome"}, Apt: []string{"chromium"}},
	{Name: "PostgreSQL", Why: "its store is tested on a real server", Any: []string{"postgres", "pg_createcluster"}, Apt: []string{"postgresql"}},
	{Name: "PgBouncer", Why: "the store for PostgreSQL is tested behind a pooler", Any: []string{"pgbouncer"}, Apt: []string{"pgbouncer"}},
}

// ErrMissing says that something is missing which this program may not, or can't, install.
var ErrMissing = errors.New("missing programs")

// Machine is what Ensure asks and changes. Its zero value is this computer.
type Machine struct {
	Look func(command string) (string, error)                           // default exec.LookPath
	Run  func(ctx context.Context, out io.Writer, args ...string) error // default runs the command
	Root func() bool                                                    // default: the effective user is root
}

// Ensure installs what is missing, with apt-get when it is there and the user is root. Otherwise, and when a program is
// still missing afterwards, the error says what to install. Progress goes to out.
func (m Machine) Ensure(ctx context.Context, out io.Writer, reqs []Requirement) error {
	m = m.withDefaults()
	missing := m.missing(reqs)
	if len(missing) == 0 {
		return nil
	}
	for _, r := range missing {
		fmt.Fprintf(out, "%s is missing: %s\n", r.Name, r.Why)
	}
	if _, err := m.Look("apt-get"); err != nil || !m.Root() {
		return refuse(missing)
	}
	var packages []string
	for _, r := range missing {
		packages = append(packages, r.Apt...)
	}
	// The lists may be old or absent. When they can't be fetched, the install says more about why.
	if err := m.Run(ctx, out, "apt-get", "-qq", "update"); err != nil {
		fmt.Fprintf(out, "apt-get update: %v\n", err)
	}
	args := []string{"apt-get", "-qq", "-y", "-o", "DPkg::Lock::Timeout=300", "--no-install-recommends", "install"}
	if err := m.Run(ctx, out, append(args, packages...)...); err != nil {
		return fmt.Errorf("apt-get install %s: %w", strings.Join(packages, " "), err)
	}
	if missing = m.missing(missing); len(missing) > 0 {
		return refuse(missing)
	}
	return nil
}

func (m Machine) missing(reqs []Requirement) []Requirement {
	var missing []Requirement
	for _, r := range reqs {
		found := false
		for _, command := range r.Any {
			if _, err := m.Look(command); err == nil {
				found = true
				break
			}
		}
		if !found {
			missing = append(missing, r)
		}
	}
	return missing
}

func refuse(missing []Requirement) error {
	var b strings.Builder
	for i, r := range missing {
		if i > 0 {
			b.WriteString("; ")
		}
		fmt.Fprintf(&b, "%s: put one of %s into PATH (Debian: apt-get install %s)", r.Name, strings.Join(r.Any, ", "), strings.Join(r.Apt, " "))
	}
	return fmt.Errorf("%w: %s", ErrMissing, b.String())
}

func (m Machine) withDefaults() Machine {
	if m.Look == nil {
		m.Look = exec.LookPath
	}
	if m.Root == nil {
		m.Root = func() bool { return os.Geteuid() == 0 }
	}
	if m.Run == nil {
		m.Run = func(ctx context.Context, out io.Writer, args ...string) error {
			cmd := exec.CommandContext(ctx, args[0], args[1:]...)
			cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
			cmd.Stdout, cmd.Stderr = out, out
			return cmd.Run()
		}
	}
	return m
}
