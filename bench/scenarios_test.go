package bench_test

import (
	"slices"
	"testing"

	"github.com/eventsource-go/eventsource/bench"
	"github.com/eventsource-go/eventsource/bench/side"
)

func BenchmarkLoad(b *testing.B)        { drive(b, "Load", bench.CPU()) }
func BenchmarkCreate(b *testing.B)      { drive(b, "Create", bench.CPU()) }
func BenchmarkLoadAndSave(b *testing.B) { drive(b, "LoadAndSave", bench.CPU()) }
func BenchmarkFold(b *testing.B)        { drive(b, "Fold", bench.CPU()) }

func BenchmarkAppend(b *testing.B)      { onPostgres(b, "Append", bench.SQLite()...) }
func BenchmarkConflict(b *testing.B)    { onPostgres(b, "Conflict") }
func BenchmarkLive(b *testing.B)        { onPostgres(b, "Live") }
func BenchmarkSubscribers(b *testing.B) { onPostgres(b, "Subscribers") }
func BenchmarkWake(b *testing.B)        { onPostgres(b, "Wake") }
func BenchmarkFeed(b *testing.B)        { onPostgres(b, "Feed") }
func BenchmarkGrown(b *testing.B)       { onPostgres(b, "Grown") }

func onPostgres(b *testing.B, scenario string, besides ...[]side.Case) {
	var p bench.Postgres
	drive(b, scenario, slices.Concat(besides, p.Cases()))
	if err := p.Close(); err != nil {
		b.Error(err)
	}
}
