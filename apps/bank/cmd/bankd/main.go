// Bankd is the bank: accounts and transfers, in an embedded SQLite file or on a PostgreSQL server, an
// HTTP API, and pages.
//
// Started without arguments it serves, and prints where to click.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Environ(), os.Stdout, os.Stderr))
}

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1 // it did not work, or verify found differences
	exitUsage  = 2 // it can't be asked for like this
)

// command is one thing that bankd does.
type command struct {
	name, help string
	run        func(ctx context.Context, args []string, cfg config, stdout, stderr io.Writer) int
}

var commands = []command{
	{"serve", "serve the API and the pages (the default)", serve},
	{"demo", "fill the bank with what could have happened", fill},
	{"verify", "fold all events anew, and compare", check},
	{"migrate", "bring the database to the form that this program needs", migrateDatabase},
	{"roles", "print the SQL that makes roles with few rights on a PostgreSQL server", printRoles},
}

// run is the program. It returns the exit code.
func run(ctx context.Context, args, environ []string, stdout, stderr io.Writer) int {
	name := "serve"
	if len(args) > 0 {
		name, args = args[0], args[1:]
	}
	switch name {
	case "help", "-h", "-help", "--help":
		usage(stdout)
		return exitOK
	case "version", "-version", "--version":
		fmt.Fprintln(stdout, version())
		return exitOK
	}
	at := slices.IndexFunc(commands, func(c command) bool { return c.name == name })
	if at < 0 {
		fmt.Fprintf(stderr, "bankd: there is no command %.40q; \"bankd help\" lists them\n", name)
		return exitUsage
	}
	cfg, err := parseConfig(environ)
	if err != nil {
		fmt.Fprintf(stderr, "bankd: %v\n", err)
		return exitUsage
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	return commands[at].run(ctx, args, cfg, stdout, stderr)
}
