package bench_test

import (
	"testing"

	"github.com/eventsource-go/eventsource/bench"
)

func BenchmarkAppend(b *testing.B) { drive(b, "Append", bench.SQLite()) }
