// Command setup installs the programs that the tests need, or says which are missing.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/eventsource-go/eventsource/tools/setup"
	"github.com/eventsource-go/eventsource/tools/usage"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("setup: ")
	if !usage.Parse("setup", "", "Installs what the tests need and Go does not bring, or says what is missing.") {
		os.Exit(2)
	}
	if err := (setup.Machine{}).Ensure(context.Background(), os.Stdout, setup.Requirements); err != nil {
		log.Fatal(err)
	}
	fmt.Println("everything that the tests need is here")
}
