// Command fmt formats every Go file of the repository with gofmt -s.
package main

import (
	"context"
	"log"
	"os"

	"github.com/eventsource-go/eventsource/tools/usage"
	"github.com/eventsource-go/eventsource/tools/workspace"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("fmt: ")
	if !usage.Parse("fmt", "", "Formats every Go file with gofmt -s.") {
		os.Exit(2)
	}
	w, err := workspace.Here()
	if err != nil {
		log.Fatal(err)
	}
	files, err := w.GoFiles()
	if err == nil {
		err = w.Format(context.Background(), files)
	}
	if err != nil {
		log.Fatal(err)
	}
}
