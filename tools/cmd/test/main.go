// Command test installs what the tests need and runs all that this repository is held to: format, vet, linters, every
// test of every module under the race detector, libraries alone, consumers of the packed modules. It ends with a table
// and the line "N passed, N failed, N skipped". Arguments are directories of modules, and limit the run to these.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/eventsource-go/eventsource/tools/setup"
	"github.com/eventsource-go/eventsource/tools/testrun"
	"github.com/eventsource-go/eventsource/tools/usage"
	"github.com/eventsource-go/eventsource/tools/workspace"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("test: ")
	usage.Parse("test", "[MODULE...]", "Installs what the tests need and runs everything, by default for all modules and the tools.")
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	passed, err := run(ctx, flag.Args())
	if err != nil {
		log.Print(err)
	}
	if err != nil || !passed {
		os.Exit(1)
	}
}

func run(ctx context.Context, dirs []string) (passed bool, err error) {
	w, err := workspace.Here()
	if err != nil {
		return false, err
	}
	if err := w.Known(dirs, "tools"); err != nil {
		return false, err
	}
	if err := (setup.Machine{}).Ensure(ctx, os.Stdout, setup.Requirements); err != nil {
		return false, fmt.Errorf("set up: %w", err)
	}
	r := &testrun.Run{Workspace: w, Out: os.Stdout}
	err = r.All(ctx, dirs)
	return r.Report(), err
}
