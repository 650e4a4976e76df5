package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/eventsource-go/eventsource/apps/bank/database"
	"github.com/eventsource-go/eventsource/apps/bank/readmodel"
	"github.com/eventsource-go/eventsource/apps/bank/verify"
	"github.com/eventsource-go/eventsource/core/subscription"
	"github.com/eventsource-go/eventsource/stores/bunstore"
)

// check is the command verify. First it lets the read models catch up, as an open bank would.
func check(ctx context.Context, args []string, cfg config, stdout, stderr io.Writer) int {
	fs := newFlags("verify")
	asJSON := fs.Bool("json", false, "print the report as JSON")
	asIs := fs.Bool("as-is", false, "do not let the read models catch up first")
	if code, ok := parseFlags(fs, args, stdout, stderr); !ok {
		return code
	}
	progress := newProgress(stderr)
	var report *verify.Report
	err := withDatabase(ctx, cfg, reading, func(store database.Database) (err error) {
		if !*asIs {
			if err := catchUp(ctx, store, progress); err != nil {
				return err
			}
		}
		report, err = verify.Run(ctx, verify.Bank{Store: store, Reader: readmodel.NewReader(store), Checkpoints: store.Checkpoints()}, verify.Config{
			Progress: func(events, accounts int) { progress.show("%d events, %d accounts", events, accounts) },
		})
		return err
	})
	if err != nil {
		fmt.Fprintf(stderr, "bankd verify: %v\n", err)
		return exitFailed
	}
	if *asJSON {
		err = json.NewEncoder(stdout).Encode(report)
	} else {
		err = printReport(stdout, report)
	}
	if err != nil || !report.OK() {
		return exitFailed
	}
	return exitOK
}

// catchUp lets the read models see everything that is stored now.
func catchUp(ctx context.Context, store database.Database, progress *progress) error {
	group, err := subscription.NewGroup(store, subscription.Config{}, readmodel.NewSubscription(store))
	if err != nil {
		return err
	}
	head, err := store.Head(ctx)
	if err != nil {
		return err
	}
	running, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- group.Run(running) }()
	for {
		short, cancel := context.WithTimeout(ctx, 500*time.Millisecond)
		err := group.WaitFor(short, readmodel.Name, head)
		cancel()
		switch {
		case err == nil:
			stop()
			return <-ended
		case !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil:
			stop()
			return errors.Join(err, <-ended)
		}
		for _, s := range group.Status() {
			if s.Failure != nil && !errors.Is(s.Failure, context.DeadlineExceeded) && !errors.Is(s.Failure, bunstore.ErrMoved) {
				stop()
				return errors.Join(s.Failure, <-ended)
			}
		}
		progress.show("read models are catching up")
	}
}

func printReport(w io.Writer, r *verify.Report) error {
	p := func(format string, args ...any) { fmt.Fprintf(w, format+"\n", args...) }
	p("%d accounts, %d events, %d transfers", r.Accounts, r.Events, r.Transfers)
	for _, t := range r.Totals {
		p("%s: %s deposited, %s withdrawn, %s held", t.Currency, t.Deposited, t.Withdrawn, t.Held)
	}
	if r.Behind > 0 {
		p("read models have not seen %d events yet", r.Behind)
	}
	for _, d := range r.Differences {
		p("DIFFERENCE %v", d)
	}
	if listed := len(r.Differences); listed < r.Count {
		p("and %d more", r.Count-listed)
	}
	if r.OK() {
		_, err := fmt.Fprintln(w, "everything is as it should be")
		return err
	}
	_, err := fmt.Fprintf(w, "%d differences\n", r.Count)
	return err
}
