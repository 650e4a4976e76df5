//go:build race

package bench_test

// What the race detector changes in the gates. It makes pools drop what they are given at
// random, and everything about ten times slower, so the gates are held to a bit less here and
// to the promise itself in the run without it.
const (
	raceSlack    = 2
	memoryEvents = 50_000
)
