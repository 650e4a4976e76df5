package results

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// Goal is what a case has to reach. With a base it is about how many times as fast as the base
// the case is; without one, about a metric of the case itself. What is exact has no case: tests
// hold it.
type Goal struct {
	ID        string    `json:"id"`              // "A1"; several goals may share one
	Claim     string    `json:"claim"`           // in words
	Tests     string    `json:"tests,omitempty"` // "stores/postgres TestRoundTrips": folder and function; several with ", " between
	Case      string    `json:"case,omitempty"`
	Base      string    `json:"base,omitempty"`
	Estimator Estimator `json:"estimator,omitempty"`
	Metric    string    `json:"metric,omitempty"` // unit in the benchmark's line; only without a base
	AtLeast   float64   `json:"atLeast,omitempty"`
	AtMost    float64   `json:"atMost,omitempty"`
}

// Estimator is how many rounds become one figure.
type Estimator string

const (
	// Pairs is the median, over rounds, of base time / case time in the same round, with a
	// bootstrap interval of 90 %. It is for goals with a base.
	Pairs Estimator = "pairs"

	// Median is the median of the metric over rounds; its interval is all rounds.
	Median Estimator = "median"
)

// ReadGoals reads goals.json and refuses goals that say nothing, or something in two ways.
func ReadGoals(data []byte) ([]Goal, error) {
	var goals []Goal
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&goals); err != nil {
		return nil, fmt.Errorf("goals: %w", err)
	}
	var errs []error
	for i, g := range goals {
		if err := g.validate(); err != nil {
			errs = append(errs, fmt.Errorf("goal %d, %s: %w", i+1, g.ID, err))
		}
	}
	return goals, errors.Join(errs...)
}

func (g Goal) validate() error {
	switch {
	case g.ID == "" || g.Claim == "" || (g.Case == "") == (g.Tests == ""):
		return errors.New("id, claim and either case or tests are required")
	case g.Tests != "":
		if g.Base != "" || g.Estimator != "" || g.Metric != "" || g.AtLeast != 0 || g.AtMost != 0 {
			return errors.New("what tests hold has no figures")
		}
		return nil
	case (g.AtLeast > 0) == (g.AtMost > 0):
		return errors.New("exactly one of atLeast and atMost is required")
	case g.Estimator == Pairs && g.Base != "" && g.Metric == "" && g.AtLeast > 0:
		return nil
	case g.Estimator == Median && g.Base == "" && g.Metric != "":
		return nil
	}
	return fmt.Errorf("estimator %q needs a base and atLeast (%s), or a metric and no base (%s)", g.Estimator, Pairs, Median)
}

// bound returns "≥ 2x", "≤ 3 allocs/event" or "exact".
func (g Goal) bound() string {
	if g.Tests != "" {
		return "exact"
	}
	if g.AtLeast > 0 {
		return fmt.Sprintf("≥ %gx", g.AtLeast)
	}
	return fmt.Sprintf("≤ %g %s", g.AtMost, g.Metric)
}
