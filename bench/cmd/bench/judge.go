package main

import (
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/eventsource-go/eventsource/bench"
	"github.com/eventsource-go/eventsource/bench/results"
)

// report writes a run beside the goals.
func report(args []string, out, progress io.Writer) error {
	res, verdicts, err := judged("report", args, progress)
	if err != nil {
		return err
	}
	return results.Report(out, res, verdicts)
}

// gate says what became of each goal, and fails if one is missed.
func gate(args []string, out, progress io.Writer) error {
	_, verdicts, err := judged("gate", args, progress)
	if err != nil {
		return err
	}
	missed := 0
	for _, v := range verdicts {
		fmt.Fprintln(out, v)
		if v.Outcome == results.Missed {
			missed++
		}
	}
	if missed > 0 {
		return fmt.Errorf("%d of %d goals are missed", missed, len(verdicts))
	}
	return nil
}

func judged(name string, args []string, progress io.Writer) (*results.Results, []results.Verdict, error) {
	flags := flag.NewFlagSet("bench "+name, flag.ContinueOnError)
	flags.SetOutput(progress)
	seed := flags.Uint64("seed", 1, "of the bootstrap")
	goalsFile := flags.String("goals", "", "`file` of goals. Defaults to the goals.json that was built in")
	if err := flags.Parse(args); err != nil {
		return nil, nil, err
	}
	data, err := bench.Goals, error(nil)
	if *goalsFile != "" {
		data, err = os.ReadFile(*goalsFile)
	}
	if err != nil {
		return nil, nil, err
	}
	goals, err := results.ReadGoals(data)
	if err != nil {
		return nil, nil, err
	}
	file := "results.txt"
	if flags.NArg() > 0 {
		file = flags.Arg(0)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	res, err := results.Parse(f)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", file, err)
	}
	res.Header = append(res.Header, results.Field{Key: "seed", Value: fmt.Sprint(*seed)})
	return res, results.Judge(res, goals, *seed), nil
}
