// Command appender uses a SQLite store as a process of its own, for tests of what several
// processes do to one file, and what becomes of it when they are killed. It says what it did on
// stdout, in lines of package tape.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/eventsource-go/eventsource/e2e/tape"
	"github.com/eventsource-go/eventsource/stores/sqlite"
)

// job is what the arguments ask for.
type job struct {
	path   string
	normal bool
	busy   time.Duration
	tape   tape.Tape
	store  *sqlite.Store
}

var commands = map[string]func(context.Context, *job) error{
	"write":  write,
	"follow": follow,
	"hold":   hold,
	"serve":  serve,
}

func main() {
	// Asked to end, a program finishes what it has begun.
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "appender:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) (err error) {
	if len(args) == 0 || commands[args[0]] == nil {
		return fmt.Errorf("usage: appender write|follow|hold|serve [flags]")
	}
	var j job
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	flags.StringVar(&j.path, "db", "", "file of the database")
	flags.BoolVar(&j.normal, "normal", false, "do not wait for the disk")
	flags.DurationVar(&j.busy, "busy", 0, "how long to wait for others")
	flags.Uint64Var(&j.tape.Seed, "seed", 1, "seed of the tape")
	flags.IntVar(&j.tape.Process, "process", 0, "number of this process")
	flags.IntVar(&j.tape.Writers, "writers", 8, "writers at once")
	flags.IntVar(&j.tape.Transactions, "transactions", 100, "transactions of each writer")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	cfg := sqlite.Config{BusyTimeout: j.busy}
	if j.normal {
		cfg.Synchronous = sqlite.Normal
	}
	if j.store, err = sqlite.Open(ctx, j.path, cfg); err != nil {
		return err
	}
	defer func() {
		if e := j.store.Close(); err == nil {
			err = e
		}
	}()
	if err := j.store.Migrate(ctx); err != nil {
		return err
	}
	return commands[args[0]](ctx, &j)
}

var printing sync.Mutex

// say prints one line, by one call, so that it is there whole or not at all.
func say(line tape.Line) error {
	text, err := json.Marshal(line)
	if err != nil {
		return err
	}
	printing.Lock()
	defer printing.Unlock()
	_, err = os.Stdout.Write(append(text, '\n'))
	return err
}
