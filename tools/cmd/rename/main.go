// Command rename moves the module root of this repository to the path given.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"

	"github.com/eventsource-go/eventsource/tools/rename"
	"github.com/eventsource-go/eventsource/tools/workspace"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("rename-module: ")
	flag.Parse()
	if flag.NArg() != 1 {
		log.Fatal("usage: ./task rename-module example.com/new/path")
	}
	w, err := workspace.Here()
	if err != nil {
		log.Fatal(err)
	}
	changed, err := rename.Module(context.Background(), w, flag.Arg(0))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s is now %s, in %d files\n", w.Path, flag.Arg(0), len(changed))
}
