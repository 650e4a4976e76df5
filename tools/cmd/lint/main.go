// Command lint runs go vet and the linters over the modules named, by default over all of them and over the tools.
// With -fix it applies what the linters propose.
package main

import (
	"context"
	"flag"
	"log"
	"os"
	"os/signal"

	"github.com/eventsource-go/eventsource/tools/lint"
	"github.com/eventsource-go/eventsource/tools/usage"
	"github.com/eventsource-go/eventsource/tools/workspace"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("lint: ")
	fix := flag.Bool("fix", false, "apply the fixes that linters propose")
	usage.Parse("lint", "[MODULE...]", "Runs go vet and the linters, by default over all modules and the tools.")
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if !run(ctx, flag.Args(), *fix) {
		os.Exit(1)
	}
}

func run(ctx context.Context, dirs []string, fix bool) bool {
	w, err := workspace.Here()
	if err != nil {
		log.Print(err)
		return false
	}
	if err := w.Known(dirs, "tools"); err != nil {
		log.Print(err)
		return false
	}
	if len(dirs) == 0 {
		for _, m := range w.Modules {
			dirs = append(dirs, m.Dir)
		}
		dirs = append(dirs, "tools")
	}
	linter, err := lint.New(ctx, w)
	if err != nil {
		log.Print(err)
		return false
	}
	clean := true
	for _, dir := range dirs {
		mode := workspace.Together
		if dir == "tools" {
			mode = workspace.Alone
		}
		_, vetErr := workspace.Output(w.Go(ctx, mode, dir, "vet", "./..."))
		lintErr := linter.Run(ctx, mode, dir, fix)
		clean = lint.Report(os.Stdout, dir, vetErr, lintErr) && clean
	}
	return clean
}
