// Package bench measures the platform beside the raw driver and its peers.
//
// [CPU], [SQLite] and [Postgres] are the cases. The tests drive them as Go benchmarks; the command
// cmd/bench interleaves them in one process, which is what figures are taken from.
package bench
