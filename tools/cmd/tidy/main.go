// Command tidy tidies go.mod and go.sum of the modules named, by default of all, and prints the files it changed.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"slices"

	"github.com/eventsource-go/eventsource/tools/tidy"
	"github.com/eventsource-go/eventsource/tools/usage"
	"github.com/eventsource-go/eventsource/tools/workspace"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("tidy: ")
	usage.Parse("tidy", "[MODULE...]", "Tidies go.mod and go.sum, by default of all modules of the workspace.")
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	w, err := workspace.Here()
	if err != nil {
		log.Fatal(err)
	}
	if err := w.Known(flag.Args()); err != nil {
		log.Fatal(err)
	}
	for _, m := range w.Ordered() {
		if flag.NArg() > 0 && !slices.Contains(flag.Args(), m.Dir) {
			continue
		}
		changed, err := tidy.Module(ctx, w, m)
		if err != nil {
			log.Fatal(err)
		}
		for _, name := range changed {
			fmt.Println(name)
		}
	}
}
