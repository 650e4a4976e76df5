package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/eventsource-go/eventsource/apps/bank/database"
	"github.com/eventsource-go/eventsource/apps/bank/demo"
)

// fill is the command demo. A bank that is open meanwhile shows what happens.
func fill(ctx context.Context, args []string, cfg config, stdout, stderr io.Writer) int {
	fs := newFlags("demo")
	accounts := between(fs, "n", 24, 1, 10_000, "how many accounts to open")
	months := between(fs, "months", 6, 1, 120, "for how many months of 30 days")
	var seed uint64
	fs.Func("seed", "decides on who does what: a whole `number` from 0 (default 0)", func(text string) (err error) {
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			return errors.New("it has to be a whole number from 0")
		}
		return nil
	})
	if code, ok := parseFlags(fs, args, stdout, stderr); !ok {
		return code
	}
	progress := newProgress(stderr)
	var report demo.Report
	err := withDatabase(ctx, cfg, writing, func(store database.Database) (err error) {
		report, err = demo.Run(ctx, store, demo.Config{
			Accounts: *accounts, Months: *months, Seed: seed,
			Progress: func(done, total int) { progress.show("%d of %d", done, total) },
		})
		return err
	})
	if err != nil {
		fmt.Fprintf(stderr, "bankd demo: %v\n", err)
		return exitFailed
	}
	fmt.Fprintf(stdout, "%d accounts, %d things that happened, %d of them new\n", report.Accounts, report.Steps, report.New)
	return exitOK
}

// progress shows how far something is, not more often than somebody can read it.
type progress struct {
	w    io.Writer
	last time.Time
}

func newProgress(w io.Writer) *progress { return &progress{w: w, last: time.Now()} }

func (p *progress) show(format string, args ...any) {
	if now := time.Now(); now.Sub(p.last) >= 500*time.Millisecond {
		p.last = now
		fmt.Fprintf(p.w, "  "+format+"\n", args...)
	}
}
