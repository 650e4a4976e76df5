package sqlite_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/eventsource-go/eventsource/e2e/evidence"
	"github.com/eventsource-go/eventsource/e2e/supervisor"
	"github.com/eventsource-go/eventsource/e2e/tape"
	"github.com/eventsource-go/eventsource/stores/sqlite"
)

// A writer is killed again and again, and plays its tape from the start each time, in
// the end to its end: what was
// acknowledged is there for good, where it was said to be, and is answered again; nothing is
// there twice.
func TestKilledWriterLosesNothing(t *testing.T) {
	for name, flags := range map[string][]string{"full": nil, "normal": {"-normal"}} {
		t.Run(name, func(t *testing.T) {
			const kills = 10
			seed := evidence.Seed(t)
			db := newDatabase(t)
			choice := evidence.Rand(seed, 0)
			tp := endless(seed, 1)
			report := struct {
				Seed                            uint64
				Kills, Acks, Replayed, Doubtful int
			}{Seed: seed, Kills: kills}
			first := make(map[[2]int]tape.Ack)
			remember := func(acks []tape.Ack) {
				for _, ack := range acks {
					key := [2]int{ack.Writer, ack.Index}
					before, known := first[key]
					switch {
					case !known:
						first[key] = ack
						if ack.Replayed {
							report.Doubtful++ // stored by a life that could not say so any more
						}
					case !ack.Replayed || before.Position != ack.Position:
						t.Errorf("acknowledged as %+v, then as %+v", before, ack)
					default:
						report.Replayed++
					}
				}
			}

			p := supervisor.Start(t, appender(t, "write", db, tp, flags...))
			for range kills {
				waitForLines(t, p, len(first)+1+choice.IntN(40))
				p.Kill()
				remember(hear(t, p).acks)
				acks := slices.Collect(maps.Values(first))
				wantHolds(t, readLog(t, open(t, db, sqlite.Config{})), played(tp, acks), acks)
				p.Restart()
			}
			p.Kill()
			remember(hear(t, p).acks)

			tp = played(tp, slices.Collect(maps.Values(first)))
			remember(finish(t, supervisor.Start(t, appender(t, "write", db, tp, flags...))).acks)
			log := readLog(t, open(t, db, sqlite.Config{}))
			report.Acks = len(first)
			stored := wantHolds(t, log, tp, slices.Collect(maps.Values(first)))
			if all := tp.Writers * tp.Transactions; stored != all || len(first) != all {
				t.Errorf("of %d transactions %d are there, %d acknowledged", all, stored, len(first))
			}
			evidence.Report(t, "killed-"+name, report)
		})
	}
}

// One of two writers is killed again and again while the other goes on, and is told nothing.
func TestKilledWriterBesideAnother(t *testing.T) {
	const kills = 12
	seed := evidence.Seed(t)
	db := newDatabase(t)
	choice := evidence.Rand(seed, 0)
	steady := endless(seed, 1)
	other := supervisor.Start(t, appender(t, "write", db, steady))
	report := struct {
		Seed                   uint64
		Kills, Victims, Steady int
	}{Seed: seed, Kills: kills}

	victims := make(map[int][]tape.Ack)
	for n := range kills {
		process := 2 + n
		p := supervisor.Start(t, appender(t, "write", db, endless(seed, process)))
		waitForLines(t, p, 1+choice.IntN(300))
		p.Kill()
		victims[process] = hear(t, p).acks
		report.Victims += len(victims[process])
		waitForLines(t, other, len(hear(t, other).acks)+10) // it goes on
	}
	if other.Ended() {
		t.Fatal("the other one has ended")
	}
	acks := stop(t, other).acks
	report.Steady = len(acks)

	log := readLog(t, open(t, db, sqlite.Config{}))
	if stored := wantHolds(t, log, played(steady, acks), acks); stored != len(acks) {
		t.Errorf("%d transactions, %d acknowledged", stored, len(acks))
	}
	for process, acks := range victims {
		stored := wantHolds(t, log, played(endless(seed, process), acks), acks)
		if stored > len(acks)+8 { // of each writer one may be stored and not acknowledged
			t.Errorf("process %d: %d transactions, %d acknowledged", process, stored, len(acks))
		}
	}
	evidence.Report(t, "killed-beside-another", report)
}
