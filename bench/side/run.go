package side

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// Plan says how much is measured.
type Plan struct {
	// Rounds that count. One more, the first, is thrown away.
	Rounds int

	// Window is how long each case is measured in each round.
	Window time.Duration

	// Deadline is when to be done: no further round begins that would end later, judging by
	// the one before. Two rounds are always run, of which one counts. Zero is none.
	Deadline time.Time

	// Dir is where cases have their files. Empty is the system's temporary folder.
	Dir string
}

// Absence is a case without figures.
type Absence struct {
	Case Case
	Err  error
}

// Run measures groups of cases. All groups are in every round; within a group, whose cases are
// compared with each other, windows follow each other directly, in another order each round.
// Each sample is given to report as soon as it is there.
//
// A case that fails is measured no more, and is among the absent. The error is ctx's.
func Run(ctx context.Context, groups [][]Case, p Plan, report func(Sample)) (absent []Absence, err error) {
	out := make(map[string]bool)
	for round := range p.Rounds + 1 {
		begin := time.Now()
		for _, group := range groups {
			for i := range group {
				c := group[(i+round)%len(group)]
				if out[c.Name()] {
					continue
				}
				sample, err := once(ctx, c, p)
				switch {
				case ctx.Err() != nil:
					return absent, ctx.Err()
				case err != nil:
					out[c.Name()] = true
					absent = append(absent, Absence{Case: c, Err: err})
				case round > 0:
					sample.Round = round
					report(sample)
				}
			}
		}
		if round > 0 && !p.Deadline.IsZero() && time.Now().Add(time.Since(begin)).After(p.Deadline) {
			break
		}
	}
	return absent, nil
}

func once(ctx context.Context, c Case, p Plan) (sample Sample, err error) {
	dir, err := os.MkdirTemp(p.Dir, "bench-")
	if err != nil {
		return Sample{}, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s, err := c.Open(ctx, dir)
	if err != nil {
		return Sample{}, fmt.Errorf("open: %w", err)
	}
	defer func() { err = s.close(err) }()
	return measure(ctx, c, s, p.Window)
}
