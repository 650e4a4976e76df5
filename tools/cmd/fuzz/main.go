// Command fuzz runs every fuzz target of the workspace, each for a while, one after the other. What it finds is written
// below the package's testdata by the go command, to be committed with the fix.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"path"
	"strings"
	"time"

	"github.com/eventsource-go/eventsource/tools/usage"
	"github.com/eventsource-go/eventsource/tools/workspace"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("fuzz: ")
	duration := flag.Duration("for", 20*time.Second, "how long each target runs")
	only := flag.String("run", "", "only targets whose package and name contain `text`")
	if !usage.Parse("fuzz", "", "Runs every fuzz target, one after the other.") {
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *duration, *only); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, duration time.Duration, only string) error {
	w, err := workspace.Here()
	if err != nil {
		return err
	}
	targets, err := w.FuzzTargets()
	if err != nil {
		return err
	}
	failed := 0
	for _, t := range targets {
		if !strings.Contains(path.Join(t.Dir, t.Name), only) {
			continue
		}
		fmt.Printf("%s %s\n", t.Dir, t.Name)
		cmd := w.Go(ctx, workspace.Together, t.Dir, "test", "-run=^$", "-fuzz=^"+t.Name+"$", "-fuzztime="+duration.String(), ".")
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		if err := cmd.Run(); err != nil {
			failed++
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d targets failed", failed)
	}
	return nil
}
