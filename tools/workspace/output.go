package workspace

import (
	"bytes"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// CommandError is a command that failed, with what it said.
type CommandError struct {
	Command string
	Output  string
	Err     error
}

func (e *CommandError) Error() string {
	return fmt.Sprintf("%s: %v\n%s", e.Command, e.Err, strings.TrimRight(e.Output, "\n"))
}

func (e *CommandError) Unwrap() error { return e.Err }

// Output runs the command and returns what it wrote to stdout. The error is a CommandError that holds both streams.
func Output(cmd *exec.Cmd) (string, error) {
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.String(), &CommandError{Command: filepath.Base(cmd.Args[0]) + " " + strings.Join(cmd.Args[1:], " "), Output: stderr.String() + stdout.String(), Err: err}
	}
	return stdout.String(), nil
}
