package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/eventsource-go/eventsource/bench"
	"github.com/eventsource-go/eventsource/bench/raw"
	"github.com/eventsource-go/eventsource/bench/results"
	"github.com/eventsource-go/eventsource/bench/side"
)

// settings are the flags of run.
type settings struct {
	plan   side.Plan
	only   *regexp.Regexp
	output string
	budget time.Duration
	many   int  // events in the large log
	v2     bool // also with the second engine of encoding/json
	bare   bool // lines only, of the cases that decode: this is the process with the second engine
}

func parseRun(args []string, progress io.Writer) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("bench run", flag.ContinueOnError)
	flags.SetOutput(progress)
	quick := flags.Bool("quick", false, "3 rounds of 100 ms, within 3 min: to see that it works, not to quote")
	only := flags.String("only", "", "`regexp` of the cases to measure")
	flags.IntVar(&s.plan.Rounds, "rounds", 9, "rounds that count")
	flags.DurationVar(&s.plan.Window, "window", 300*time.Millisecond, "how long a case is measured in a round")
	flags.DurationVar(&s.budget, "budget", 14*time.Minute, "when to be done, with fewer rounds if need be")
	flags.StringVar(&s.plan.Dir, "dir", "", "`folder` for the files of SQLite; it has to be on a disk. Defaults to the temporary folder, where PostgreSQL always has its own")
	flags.IntVar(&s.many, "rows", 1_000_000, "events in the large log of PostgreSQL, which is compared with one of 100000; more than those")
	flags.StringVar(&s.output, "o", "results.txt", "`file` for the results, beside standard output; empty is none")
	flags.BoolVar(&s.v2, "v2", true, "build again with GOEXPERIMENT=jsonv2 and measure the cases that decode")
	flags.BoolVar(&s.bare, "bare", false, "write no header, and measure only the cases that decode")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	set := make(map[string]bool)
	flags.Visit(func(f *flag.Flag) { set[f.Name] = true })
	if *quick {
		for name, value := range map[string]string{"rounds": "3", "window": "100ms", "budget": "175s"} {
			if !set[name] {
				_ = flags.Set(name, value)
			}
		}
	}
	var err error
	s.only, err = regexp.Compile(*only)
	if err == nil && (flags.NArg() > 0 || s.plan.Rounds < 1 || s.plan.Window <= 0 || s.budget <= 0 || s.many <= bench.Few) {
		err = fmt.Errorf("rounds, window and budget must be positive, rows above %d, and there are no arguments", bench.Few)
	}
	return s, err
}

// secondShare is the part of the budget that the build and run with the second engine may take.
const secondShare = 0.2

func run(ctx context.Context, args []string, out, progress io.Writer) (err error) {
	s, err := parseRun(args, progress)
	if err != nil {
		return err
	}
	end := time.Now().Add(s.budget)
	dir, err := os.MkdirTemp(s.plan.Dir, "bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s.plan.Dir = dir
	if s.output != "" {
		f, err := os.Create(s.output)
		if err != nil {
			return err
		}
		defer f.Close()
		out = io.MultiWriter(out, f)
	}
	pg := &bench.Postgres{Many: s.many}
	defer func() { err = errors.Join(err, pg.Close()) }()
	groups := s.groups(pg)
	if !s.bare {
		if err := header(ctx, s, pg, out); err != nil {
			return err
		}
	}
	s.plan.Deadline = end
	second := s.v2 && bench.JSON == "v1" && s.measures("json=v1")
	if second {
		s.plan.Deadline = end.Add(-time.Duration(secondShare * float64(s.budget)))
	}
	failed, err := measure(ctx, groups, s.plan, out)
	if err != nil {
		return err
	}
	if second {
		lines, err := withSecondEngine(ctx, s, dir, end, progress)
		if err != nil {
			err = errors.Join(err, results.WriteAbsent(out, "json=v2", err))
			fmt.Fprintln(progress, "bench: without json v2:", err)
		}
		if _, err := out.Write(lines); err != nil {
			return err
		}
		failed += bytes.Count(lines, []byte("# absent "))
	}
	if !s.bare {
		if logs := pg.Logs(); logs != "" {
			fmt.Fprintf(out, "postgres-logs: %s\n", logs)
		}
		fmt.Fprintf(out, "load-after: %s\n", results.Load())
	}
	if failed > 0 && !s.bare {
		return fmt.Errorf("%d cases have no figures", failed)
	}
	return nil
}

// groups returns the cases that are asked for.
func (s settings) groups(pg *bench.Postgres) (groups [][]side.Case) {
	for _, group := range slices.Concat(bench.CPU(), bench.SQLite(), pg.Cases()) {
		var kept []side.Case
		for _, c := range group {
			if s.only.MatchString(c.Name()) && (!s.bare || strings.Contains(c.Name(), "/json=")) {
				kept = append(kept, c)
			}
		}
		groups = append(groups, kept)
	}
	return groups
}

// measures reports whether a case is asked for whose name has a part.
func (s settings) measures(part string) bool {
	for _, group := range s.groups(new(bench.Postgres)) {
		if slices.ContainsFunc(group, func(c side.Case) bool { return strings.Contains(c.Name(), "/"+part) }) {
			return true
		}
	}
	return false
}

// measure runs the cases of this process and returns how many failed.
func measure(ctx context.Context, groups [][]side.Case, plan side.Plan, out io.Writer) (failed int, err error) {
	var failure error
	absent, err := side.Run(ctx, groups, plan, func(sample side.Sample) {
		failure = errors.Join(failure, side.WriteLine(out, sample))
	})
	for _, a := range absent {
		failure = errors.Join(failure, results.WriteAbsent(out, a.Case.Name(), a.Err))
	}
	return len(absent), errors.Join(err, failure)
}

// withSecondEngine builds this program with GOEXPERIMENT=jsonv2 and lets it measure the cases
// that decode. Ratios are within that process: the peers have the engine too.
func withSecondEngine(ctx context.Context, s settings, dir string, end time.Time, progress io.Writer) ([]byte, error) {
	ctx, cancel := context.WithDeadline(ctx, end.Add(10*time.Second))
	defer cancel()
	program := filepath.Join(dir, "bench-v2")
	build := exec.CommandContext(ctx, "go", "build", "-o", program, "github.com/eventsource-go/eventsource/bench/cmd/bench")
	build.Env = append(os.Environ(), "GOEXPERIMENT=jsonv2")
	build.Stdout, build.Stderr = progress, progress
	if err := build.Run(); err != nil {
		return nil, fmt.Errorf("build with GOEXPERIMENT=jsonv2: %w", err)
	}
	left := time.Until(end)
	if left <= 0 {
		return nil, errors.New("the build took all of the time that was left")
	}
	var lines bytes.Buffer
	again := exec.CommandContext(ctx, program, "run", "-bare", "-o=", "-v2=false", "-only", s.only.String(),
		"-dir", dir, "-rounds", fmt.Sprint(s.plan.Rounds), "-window", s.plan.Window.String(), "-budget", left.String())
	again.Stdout, again.Stderr = &lines, progress
	err := again.Run()
	return lines.Bytes(), err
}

func header(ctx context.Context, s settings, pg *bench.Postgres, out io.Writer) error {
	probe := 2 * time.Second
	if s.plan.Window < 200*time.Millisecond {
		probe = 300 * time.Millisecond
	}
	fields := results.Header(ctx, s.plan.Dir, probe)
	if s.measures("db=sqlite") {
		db, err := raw.OpenSQLite(s.plan.Dir, "FULL")
		if err != nil {
			return err
		}
		sqlite, err := raw.Settings(ctx, db)
		if err := errors.Join(err, db.Close()); err != nil {
			return err
		}
		fields = append(fields, results.Field{Key: "sqlite", Value: sqlite})
	}
	if s.measures("db=postgres") {
		version, trips, err := pg.Describe(ctx)
		if err != nil { // its cases will be absent, each with this reason
			version = "none"
		}
		fields = append(fields, results.Field{Key: "postgres", Value: version}, results.Field{Key: "postgres-rtt", Value: trips})
	}
	fields = append(fields,
		results.Field{Key: "payload", Value: "166 bytes of JSON, metadata 143 bytes; the same events in each run"},
		results.Field{Key: "plan", Value: fmt.Sprintf("%d rounds of %s, the first of %d thrown away", s.plan.Rounds, s.plan.Window, s.plan.Rounds+1)},
	)
	var b strings.Builder
	for _, f := range fields {
		if f.Value != "" {
			fmt.Fprintf(&b, "%s: %s\n", f.Key, f.Value)
		}
	}
	_, err := io.WriteString(out, b.String())
	return err
}
