//go:build !race

package bench_test

// What the race detector changes in the gates.
const (
	// raceSlack is by how many allocations for each event pools that forget may fail to serve.
	raceSlack = 0

	// memoryEvents is how many events the memory gate reads.
	memoryEvents = 1_000_000
)
