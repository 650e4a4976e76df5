// Command rename moves the module root of this repository to the path given.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"

	"github.com/eventsource-go/eventsource/tools/rename"
	"github.com/eventsource-go/eventsource/tools/usage"
	"github.com/eventsource-go/eventsource/tools/workspace"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("rename-module: ")
	usage.Parse("rename-module", "NEW/PATH", "Moves the module root to another path, everywhere.")
	if flag.NArg() != 1 {
		flag.CommandLine.Usage()
		os.Exit(2)
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
