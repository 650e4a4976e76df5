package tape

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

func TestTapeIsTheSameEachTime(t *testing.T) {
	tp := Tape{Seed: 3, Process: 1, Writers: 3, Transactions: 50}
	first, second := slices.Collect(tp.All()), slices.Collect(tp.All())
	if len(first) != 150 || !reflect.DeepEqual(first, second) {
		t.Errorf("%d transactions, or others the second time", len(first))
	}
	longer := tp
	longer.Transactions = 60
	if alone := slices.Collect(longer.Of(1)); !reflect.DeepEqual(alone[:50], first[50:100]) {
		t.Error("a longer tape begins in another way")
	}
}

func TestTapesDoNotShareIDs(t *testing.T) {
	seen := make(map[event.ID]string)
	modes := make(map[Mode]int)
	several := 0
	for process := range 3 {
		for tx := range (Tape{Seed: 3, Process: process, Writers: 4, Transactions: 100}).All() {
			if len(tx.Parts) > 1 {
				several++
			}
			for _, p := range tx.Parts {
				modes[p.Mode]++
				for _, d := range p.Events {
					place := fmt.Sprint(process, tx.Writer, tx.Index)
					if other, ok := seen[d.ID]; ok {
						t.Fatalf("%v is at %s and at %s", d.ID, other, place)
					}
					seen[d.ID] = place
				}
			}
		}
	}
	if modes[Fresh] == 0 || modes[Blind] == 0 || modes[Exact] == 0 || several == 0 {
		t.Errorf("modes %v, %d transactions of several streams", modes, several)
	}
}

func TestKinds(t *testing.T) {
	for _, k := range kinds {
		if got := Kind(fmt.Errorf("wrapped: %w", k.is)); got != k.name {
			t.Errorf("%v is %s", k.is, got)
		}
	}
	if got := Kind(errors.New("database is locked")); got != "untyped" {
		t.Errorf("by its text: %s", got)
	}
	if got := Kind(&eventstore.ConflictError{}); got != "conflict" {
		t.Errorf("conflict is %s", got)
	}
}
