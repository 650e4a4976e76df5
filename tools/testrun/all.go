package testrun

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"

	"github.com/eventsource-go/eventsource/tools/lint"
	"github.com/eventsource-go/eventsource/tools/workspace"
)

// All runs everything for the modules in dirs, for all modules and the tools when dirs is empty.
//
// Each module is vetted, linted and tested with the race detector as part of the workspace, where it meets the siblings
// as they are now. A library is also built and vetted alone, where its own go.mod decides on the versions of what it
// requires, and its examples run there, and go mod tidy would change nothing: whoever imports it gets these versions and not the workspace's. The whole suite
// is not run twice; what the second run could find and the first could not is a matter of versions, and the code that
// the examples walk through would meet it. Applications and modules that only they use can't be built alone before the
// tag; they are proven from the packed proxy by the consumer checks, which are tests of the tools module.
func (r *Run) All(ctx context.Context, dirs []string) error {
	w := r.Workspace
	modules := w.Ordered()
	tools := true
	if len(dirs) > 0 {
		if err := w.Known(dirs, "tools"); err != nil {
			return err
		}
		modules = slices.DeleteFunc(modules, func(m workspace.Module) bool { return !slices.Contains(dirs, m.Dir) })
		tools = slices.Contains(dirs, "tools")
	}
	r.steps = 2 // format, linter
	for _, m := range modules {
		r.steps += 3
		if standsAlone(m) {
			r.steps++
		}
	}
	if tools {
		r.steps += 3
	}

	r.Check("format", func() error { return unformatted(ctx, w) })
	var linter *lint.Linter
	r.Check("build the linter", func() (err error) {
		linter, err = lint.New(ctx, w)
		return err
	})
	module := func(mode workspace.Mode, dir string) {
		r.Check("vet "+dir, func() error { return vet(ctx, w, mode, dir) })
		r.Check("lint "+dir, func() error {
			if linter == nil {
				return errors.New("there is no linter")
			}
			return linter.Run(ctx, mode, dir, false)
		})
		r.Tests(ctx, mode, dir)
	}
	for _, m := range modules {
		module(workspace.Together, m.Dir)
		if standsAlone(m) {
			r.Check("alone "+m.Dir, func() error { return alone(ctx, w, m.Dir) })
		}
	}
	if tools {
		module(workspace.Alone, "tools")
	}
	return ctx.Err()
}

// standsAlone reports whether replace lines let the module be built without the workspace.
func standsAlone(m workspace.Module) bool { return !m.Application() }

func alone(ctx context.Context, w *workspace.Workspace, dir string) error {
	for _, args := range [][]string{
		{"mod", "tidy", "-diff"},
		{"build", "./..."},
		{"vet", "./..."},
		{"test", "-run=^Example", "./..."},
	} {
		if _, err := workspace.Output(trimmed(w.Go(ctx, workspace.Alone, dir, args...))); err != nil {
			return err
		}
	}
	return nil
}

func vet(ctx context.Context, w *workspace.Workspace, mode workspace.Mode, dir string) error {
	_, err := workspace.Output(trimmed(w.Go(ctx, mode, dir, "vet", "./...")))
	return err
}

// trimmed makes the command build without paths of this machine. What it compiles is then found again by the consumer
// checks, although these have a module cache of their own. Nor does it ask git, which may refuse a tree of another owner.
func trimmed(cmd *exec.Cmd) *exec.Cmd {
	const own = "-trimpath -buildvcs=false"
	flags := own
	for _, kv := range cmd.Env {
		if old, ok := strings.CutPrefix(kv, "GOFLAGS="); ok {
			flags = own + " " + old
		}
	}
	cmd.Env = append(cmd.Env, "GOFLAGS="+flags)
	return cmd
}

// unformatted complains about Go files that gofmt -s would change.
func unformatted(ctx context.Context, w *workspace.Workspace) error {
	files, err := w.GoFiles()
	if err != nil {
		return err
	}
	names, err := w.Unformatted(ctx, files)
	if err == nil && len(names) > 0 {
		return fmt.Errorf("not formatted; ./task fmt does it:\n%s", strings.Join(names, "\n"))
	}
	return err
}
