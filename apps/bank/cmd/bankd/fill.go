package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/eventsource-go/eventsource/apps/bank/demo"
	"github.com/eventsource-go/eventsource/stores/sqlite"
)

// fill is the command demo. A bank that is open meanwhile shows what happens.
func fill(ctx context.Context, args []string, cfg config, stdout, stderr io.Writer) int {
	fs := newFlags("demo")
	accounts := fs.Int("n", 24, "how many accounts to open, 1 to 10000")
	months := fs.Int("months", 6, "for how many months of 30 days, 1 to 120")
	seed := fs.Uint64("seed", 0, "who does what")
	if !parseFlags(fs, args, stderr) {
		return exitUsage
	}
	if *accounts < 1 || *accounts > 10_000 || *months < 1 || *months > 120 {
		fmt.Fprintln(stderr, "bankd demo: out of range")
		return exitUsage
	}
	progress := newProgress(stderr)
	var report demo.Report
	err := withDatabase(ctx, cfg, true, func(store *sqlite.Store) (err error) {
		report, err = demo.Run(ctx, store, demo.Config{
			Accounts: *accounts, Months: *months, Seed: *seed,
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
