package results

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// Outcome is what is known about a goal after a run.
type Outcome string

const (
	// Reached: all estimators are on the right side.
	Reached Outcome = "reached"
	// Missed: the whole interval is on the wrong side.
	Missed Outcome = "missed"
	// Open: neither. More rounds, or a quieter machine, will tell.
	Open Outcome = "open"
	// Noisy: the base varied so much between rounds that nothing follows.
	Noisy Outcome = "noisy"
	// Absent: the case or its base has no figures.
	Absent Outcome = "absent"
	// Tested: there are no figures, a test fails if it is not so.
	Tested Outcome = "a test"
)

// noise is by how much the fastest and the slowest round of a base may differ.
const noise = 3

// Verdict is a goal beside its figures.
type Verdict struct {
	Goal      Goal
	Outcome   Outcome
	Figure    float64 // by the goal's estimator
	Low, High float64 // its interval
	Best      float64 // best round / best round; only with a base
	P50       float64 // median latency / median latency; only with a base
	CPU       float64 // median of the pairs of CPU time, which decides nothing; zero if not measured
	Reason    string  // why it is absent or noisy, or which tests there are
}

// Judge compares a run with goals. Equal seeds give equal intervals.
func Judge(r *Results, goals []Goal, seed uint64) []Verdict {
	verdicts := make([]Verdict, len(goals))
	for i, g := range goals {
		verdicts[i] = judge(r, g, rand.New(rand.NewPCG(seed, uint64(i))))
	}
	return verdicts
}

func judge(r *Results, g Goal, rnd *rand.Rand) Verdict {
	v := Verdict{Goal: g, Outcome: Absent}
	if g.Tests != "" {
		v.Outcome, v.Reason = Tested, g.Tests
		return v
	}
	c, ok := r.Case(g.Case)
	if !ok {
		v.Reason = g.Case + ": " + r.why(g.Case)
		return v
	}
	if g.Base == "" {
		values := c.Metrics[g.Metric]
		if len(values) == 0 {
			v.Reason = g.Case + ": no " + g.Metric
			return v
		}
		v.Figure, v.Low, v.High = median(values), slices.Min(values), slices.Max(values)
		v.Outcome = outcome(g, v.Low, v.High, v.Figure)
		return v
	}
	base, ok := r.Case(g.Base)
	if !ok {
		v.Reason = g.Base + ": " + r.why(g.Base)
		return v
	}
	ratios := pairs(base.Metrics["ns/op"], c.Metrics["ns/op"])
	if len(ratios) == 0 {
		v.Reason = g.Case + ": no round in common with " + g.Base
		return v
	}
	v.Figure = median(ratios)
	v.Low, v.High = bootstrap(ratios, rnd)
	v.Best = slices.Min(base.Metrics["ns/op"]) / slices.Min(c.Metrics["ns/op"])
	v.P50 = median(pairs(base.Metrics["p50-us"], c.Metrics["p50-us"]))
	v.CPU = median(pairs(base.Metrics["cpu-ns/op"], c.Metrics["cpu-ns/op"]))
	v.Outcome = outcome(g, v.Low, v.High, v.Figure, v.Best, v.P50)
	if times := base.Metrics["ns/op"]; slices.Max(times) > noise*slices.Min(times) {
		v.Outcome = Noisy
		v.Reason = fmt.Sprintf("%s varied by %.1fx between rounds", g.Base, slices.Max(times)/slices.Min(times))
	}
	return v
}

func outcome(g Goal, low, high float64, estimates ...float64) Outcome {
	wrong := func(x float64) bool { return g.AtLeast > 0 && x < g.AtLeast || g.AtMost > 0 && x > g.AtMost }
	switch {
	case wrong(low) && wrong(high):
		return Missed
	case !slices.ContainsFunc(estimates, wrong):
		return Reached
	}
	return Open
}

// pairs returns base / case for each round that both have.
func pairs(base, of []float64) []float64 {
	ratios := make([]float64, 0, len(of))
	for i := range min(len(base), len(of)) {
		if of[i] > 0 { // of CPU time there may be none in a short window
			ratios = append(ratios, base[i]/of[i])
		}
	}
	return ratios
}

// bootstrap returns the interval in which 90 % of the medians of resampled values are.
func bootstrap(values []float64, rnd *rand.Rand) (low, high float64) {
	const samples = 2000
	medians, again := make([]float64, samples), make([]float64, len(values))
	for i := range medians {
		for j := range again {
			again[j] = values[rnd.IntN(len(values))]
		}
		medians[i] = median(again)
	}
	slices.Sort(medians)
	return medians[samples*5/100], medians[samples*95/100-1]
}

// median returns the middle of values, which it leaves as they are. Of none it is zero.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	mid := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[mid]
	}
	return (sorted[mid-1] + sorted[mid]) / 2
}

// String returns the verdict on one line.
func (v Verdict) String() string {
	line := fmt.Sprintf("%-8s %s %s: %s, goal %s", v.Outcome, v.Goal.ID, v.Goal.Claim, v.figure(), v.Goal.bound())
	if v.Reason != "" {
		line += " (" + v.Reason + ")"
	}
	return line
}
