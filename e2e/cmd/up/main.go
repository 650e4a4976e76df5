// Up runs the bank on a PostgreSQL server that it starts, until it is told to stop. The server's
// data stay in the folder .build of the repository. Arguments go to bankd.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

// dataVariable names the folder for the server's data, if it is to be another one.
const dataVariable = "UP_DATA"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	code, err := up(ctx, os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "up:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// up returns the exit code of bankd.
func up(ctx context.Context, args []string) (code int, err error) {
	file, err := exec.CommandContext(ctx, "go", "env", "GOWORK").Output()
	if err != nil {
		return 0, fmt.Errorf("go env GOWORK: %w", err)
	}
	root := filepath.Dir(strings.TrimSpace(string(file)))
	bankd := filepath.Join(root, ".build", "up", "bankd")
	build := exec.CommandContext(ctx, "go", "build", "-o", bankd, "./apps/bank/cmd/bankd")
	build.Dir, build.Stderr = root, os.Stderr
	if err := build.Run(); err != nil {
		return 0, fmt.Errorf("build bankd: %w", err)
	}
	data := os.Getenv(dataVariable)
	if data == "" {
		data = filepath.Join(root, ".build", "postgres")
	}
	server, err := postgrestest.StartIn(ctx, data)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	fmt.Fprintf(os.Stderr, "PostgreSQL runs at %s, with its data in %s\n", server.URL, data)
	return run(ctx, bankd, args, "BANK_DATABASE="+server.URL)
}

// run runs a program until it ends, and asks it to when ctx is done.
func run(ctx context.Context, path string, args []string, env ...string) (code int, err error) {
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), env...)
	runtime.LockOSThread() // Linux sends Pdeathsig when the thread ends that started the program
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM} // so that a terminal interrupts this program alone
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	err = cmd.Run()
	if cmd.ProcessState != nil && cmd.ProcessState.Exited() {
		return cmd.ProcessState.ExitCode(), nil
	}
	return 1, err
}
