package results

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Report writes a run beside the goals, as Markdown.
func Report(w io.Writer, r *Results, verdicts []Verdict) error {
	var b strings.Builder
	b.WriteString("## Where the figures come from\n\n")
	for _, f := range r.Header {
		fmt.Fprintf(&b, "    %s: %s\n", f.Key, f.Value)
	}
	b.WriteString(`
A ratio is the median, over rounds, of base time / case time in the same round: above 1 is faster than the base.
In brackets: the interval of 90 %. *Reached* needs the median, best/best and the ratio of p50 on the right side,
*missed* the whole interval on the wrong one, *open* is neither. A base that varied by more than 3x is *noisy* and decides nothing.
*CPU* is the same ratio of the CPU time of the process: other programs are not in it, nor is waiting for the disk.

## Goals

| | claim | figure | best/best | p50 | CPU | goal | |
|---|---|---:|---:|---:|---:|---:|---|
`)
	for _, v := range verdicts {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s |\n", v.Goal.ID, v.Goal.Claim,
			v.figure(), v.times(v.Best), v.times(v.P50), v.times(v.CPU), v.Goal.bound(), v.said())
	}
	for _, scenario := range scenarios(r) {
		fmt.Fprintf(&b, "\n## %s\n\n| case | per operation | rounds | per event | events/s | p50 | p99 | bytes | allocations |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|\n", scenario)
		for _, c := range r.Cases {
			if s, rest, _ := strings.Cut(c.Name, "/"); s == scenario {
				b.WriteString(row(rest, c))
			}
		}
	}
	if len(r.Absent) > 0 {
		b.WriteString("\n## Without figures\n\n")
		for _, line := range r.Absent {
			fmt.Fprintf(&b, "- %s\n", line)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func row(name string, c Rounds) string {
	times := c.Metrics["ns/op"]
	return fmt.Sprintf("| %s | %s | %s – %s | %s | %.0f | %s | %s | %.0f | %.1f |\n", name,
		duration(median(times)), duration(slices.Min(times)), duration(slices.Max(times)),
		duration(median(c.Metrics["ns/event"])), median(c.Metrics["events/s"]),
		duration(1000*median(c.Metrics["p50-us"])), duration(1000*median(c.Metrics["p99-us"])),
		median(c.Metrics["B/op"]), median(c.Metrics["allocs/op"]))
}

func scenarios(r *Results) (names []string) {
	for _, c := range r.Cases {
		if s, _, _ := strings.Cut(c.Name, "/"); !slices.Contains(names, s) {
			names = append(names, s)
		}
	}
	return names
}

func (v Verdict) figure() string {
	switch {
	case v.Outcome == Absent, v.Outcome == Tested:
		return "–"
	case v.Goal.Base == "":
		return fmt.Sprintf("%.2f [%.2f – %.2f]", v.Figure, v.Low, v.High)
	}
	return fmt.Sprintf("%.2fx [%.2f – %.2f]", v.Figure, v.Low, v.High)
}

func (v Verdict) times(x float64) string {
	if x == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2fx", x)
}

func (v Verdict) said() string {
	switch v.Outcome {
	case Reached:
		return string(Reached)
	case Absent, Noisy:
		return fmt.Sprintf("**%s**: %s", v.Outcome, v.Reason)
	case Tested:
		return fmt.Sprintf("%s: %s", v.Outcome, v.Reason)
	}
	return "**" + string(v.Outcome) + "**"
}

// duration writes nanoseconds to three digits.
func duration(ns float64) string {
	for _, unit := range []struct {
		size float64
		name string
	}{{float64(time.Second), "s"}, {float64(time.Millisecond), "ms"}, {float64(time.Microsecond), "µs"}} {
		if ns >= unit.size {
			return digits(ns/unit.size) + " " + unit.name
		}
	}
	return digits(ns) + " ns"
}

// digits writes x, which is below 1000, to three digits.
func digits(x float64) string {
	switch {
	case x >= 100:
		return fmt.Sprintf("%.0f", x)
	case x >= 10:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.2f", x)
}
