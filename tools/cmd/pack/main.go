// Command pack writes a module proxy of the workspace into .build/proxy and prints how to use it.
package main

import (
	"fmt"
	"log"
	"os"
	"text/tabwriter"

	"github.com/eventsource-go/eventsource/tools/pack"
	"github.com/eventsource-go/eventsource/tools/usage"
	"github.com/eventsource-go/eventsource/tools/workspace"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("pack: ")
	if !usage.Parse("pack", "", "Writes a module proxy of the workspace into .build/proxy, and says how to use it.") {
		os.Exit(2)
	}
	w, err := workspace.Here()
	if err != nil {
		log.Fatal(err)
	}
	dir := w.Abs(".build", "proxy")
	packed, err := pack.Write(w, dir)
	if err != nil {
		log.Fatal(err)
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	for _, p := range packed {
		fmt.Fprintf(table, "%s\t%s\t%d files\t%d KiB\n", p.Path, p.Version, p.Files, (p.ZipBytes+1023)/1024)
	}
	if err := table.Flush(); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("GOPROXY=%s,$GOPROXY GONOSUMDB=%s\n", pack.URL(dir), w.Path)
}
