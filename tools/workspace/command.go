package workspace

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// Mode is how a go command finds the siblings of a module.
type Mode int

const (
	Together Mode = iota // through go.work
	Alone                // without it: replace lines, or a proxy
)

// Go is the go command in a directory relative to the root. When ctx ends it is interrupted, and killed if it takes
// longer than ten seconds to leave.
func (w *Workspace) Go(ctx context.Context, mode Mode, dir string, args ...string) *exec.Cmd {
	return w.Command(ctx, mode, dir, "go", args...)
}

// Command is any command that calls the go command, as Go.
func (w *Workspace) Command(ctx context.Context, mode Mode, dir, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = w.Abs(dir)
	work := "GOWORK=off"
	if mode == Together {
		work = "GOWORK=" + w.Abs("go.work")
	}
	cmd.Env = append(os.Environ(), work, "PWD="+cmd.Dir)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

// Tool returns the path of a program that the module in dir pins with a tool line, built if it has to be.
func (w *Workspace) Tool(ctx context.Context, dir, name string) (string, error) {
	out, err := Output(w.Go(ctx, Alone, dir, "tool", "-n", name))
	return strings.TrimSpace(out), err
}
