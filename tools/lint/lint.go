// Package lint runs the linters of .golangci.yml over the modules of the workspace.
package lint

import (
	"context"
	"fmt"
	"io"

	"github.com/eventsource-go/eventsource/tools/workspace"
)

// Linter is golangci-lint as tools/golangci pins it.
type Linter struct {
	w    *workspace.Workspace
	path string
}

// New builds golangci-lint unless the build cache has it.
func New(ctx context.Context, w *workspace.Workspace) (*Linter, error) {
	path, err := w.Tool(ctx, "tools/golangci", "golangci-lint")
	if err != nil {
		return nil, err
	}
	return &Linter{w: w, path: path}, nil
}

// Run lints one module, given by its directory. Findings are in the error.
func (l *Linter) Run(ctx context.Context, mode workspace.Mode, dir string, fix bool) error {
	args := []string{"run", "--config", l.w.Abs(".golangci.yml"), "--allow-parallel-runners", "--show-stats=false"}
	if fix {
		args = append(args, "--fix")
	}
	_, err := workspace.Output(l.w.Command(ctx, mode, dir, l.path, append(args, "./...")...))
	return err
}

// Report writes what was found in a module, or that it is ok: who asks wants to know that something was looked at. It
// returns true if nothing was found.
func Report(out io.Writer, dir string, found ...error) (clean bool) {
	clean = true
	for _, err := range found {
		if err != nil {
			clean = false
			fmt.Fprintf(out, "%s: %v\n", dir, err)
		}
	}
	if clean {
		fmt.Fprintf(out, "%s: ok\n", dir)
	}
	return clean
}
