package bench_test

import (
	"testing"

	"github.com/eventsource-go/eventsource/bench"
)

func BenchmarkLoad(b *testing.B)        { drive(b, "Load", bench.CPU()) }
func BenchmarkCreate(b *testing.B)      { drive(b, "Create", bench.CPU()) }
func BenchmarkLoadAndSave(b *testing.B) { drive(b, "LoadAndSave", bench.CPU()) }
func BenchmarkFold(b *testing.B)        { drive(b, "Fold", bench.CPU()) }
func BenchmarkAppend(b *testing.B)      { drive(b, "Append", bench.SQLite()) }
