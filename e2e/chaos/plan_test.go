package chaos_test

import (
	"fmt"
	"testing"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/e2e/evidence"
)

// firstFaults returns those of some rounds, as text, and how often each kind is among them.
func firstFaults(seed uint64, rounds int) (texts []string, kinds map[kind]int) {
	kinds = make(map[kind]int)
	for f := range plan(evidence.Rand(seed, 1<<32)) {
		if f.round == rounds {
			return texts, kinds
		}
		texts = append(texts, fmt.Sprint(f.after, " ", f))
		kinds[f.kind]++
	}
	return texts, kinds
}

func TestPlanIsTheSeeds(t *testing.T) {
	first, kinds := firstFaults(1, 3)
	for _, k := range []kind{killHard, killAtOnce, outage, killBackend, freeze, poison, swallowing} {
		if kinds[k] == 0 {
			t.Errorf("no %s in the short form", k)
		}
	}
	if kinds[killHard]+kinds[killAtOnce]+kinds[outage] != 3 || kinds[poison] != len(toxicForms) {
		t.Errorf("kinds: %v", kinds)
	}
	if again, _ := firstFaults(1, 3); fmt.Sprint(again) != fmt.Sprint(first) {
		t.Error("the same seed has another plan")
	}
	if other, _ := firstFaults(2, 3); fmt.Sprint(other) == fmt.Sprint(first) {
		t.Error("another seed has the same plan")
	}
}

// firstSteps returns some of what a writer does, as text, and its ids.
func firstSteps(seed uint64, writer int) (text string, ids []event.ID) {
	for s := range script(seed, writer) {
		text += fmt.Sprintf("%+v\n", s)
		ids = append(ids, s.op.IDs()...)
		if s.op.Index == 200 {
			break
		}
	}
	return text, ids
}

func TestScriptIsTheSeeds(t *testing.T) {
	owners := make(map[event.ID]string)
	for seed := range uint64(2) {
		for writer := range writers {
			text, ids := firstSteps(seed, writer)
			if again, _ := firstSteps(seed, writer); again != text {
				t.Errorf("seed %d, writer %d: another script", seed, writer)
			}
			for _, id := range ids {
				owner := fmt.Sprint(seed, writer)
				if other, ok := owners[id]; ok {
					t.Errorf("event %v is of %s and of %s", id, other, owner)
				}
				owners[id] = owner
			}
		}
	}
}
