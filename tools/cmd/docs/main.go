// Command docs copies the tested examples into the documents that quote them, and names those that it changed.
package main

import (
	"fmt"
	"log"
	"os"
	"path"
	"path/filepath"

	"github.com/eventsource-go/eventsource/tools/docs"
	"github.com/eventsource-go/eventsource/tools/usage"
	"github.com/eventsource-go/eventsource/tools/workspace"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("docs: ")
	if !usage.Parse("docs", "", "Copies the tested examples into the documents that quote them, and names those that it changed.") {
		os.Exit(2)
	}
	w, err := workspace.Here()
	if err != nil {
		log.Fatal(err)
	}
	files, err := w.Files(".")
	if err != nil {
		log.Fatal(err)
	}
	for _, name := range files {
		if path.Ext(name) != ".md" {
			continue
		}
		old, filled, err := docs.Fill(w.Root, name)
		if err != nil {
			log.Fatal(err)
		}
		if old == filled {
			continue
		}
		if err := os.WriteFile(w.Abs(filepath.FromSlash(name)), []byte(filled), 0o644); err != nil {
			log.Fatal(err)
		}
		fmt.Println(name)
	}
}
