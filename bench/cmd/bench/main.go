// Command bench measures the platform beside the raw driver and its peers.
//
//	bench run [-quick] [-o results.txt]   measure; prints Go's benchmark format as it goes
//	bench report [results.txt]            the figures beside the goals, as Markdown
//	bench gate [results.txt]              exit 1 if a goal is missed
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := command(ctx, os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

const usage = `bench run [-quick] [-o results.txt] | bench report [results.txt] | bench gate [results.txt]`

// command is the program without its process.
func command(ctx context.Context, args []string, out, progress io.Writer) error {
	if len(args) == 0 {
		fmt.Fprintln(progress, usage)
		return flag.ErrHelp
	}
	switch args[0] {
	case "run":
		return run(ctx, args[1:], out, progress)
	case "report":
		return report(args[1:], out, progress)
	case "gate":
		return gate(args[1:], out, progress)
	}
	fmt.Fprintln(progress, usage)
	return fmt.Errorf("no command %q", args[0])
}
