// Package checkpointtest is the contract of package checkpoint as a test suite. It is the whole
// obligation of a store, and one test of its author's:
//
//	func TestCheckpoints(t *testing.T) {
//		checkpointtest.Run(t, open, checkpointtest.Features{})
//	}
//
// The names of cases are Area/What and don't change.
package checkpointtest

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/eventsource-go/eventsource/core/checkpoint"
	"github.com/eventsource-go/eventsource/core/event"
)

// An Opener returns a store without checkpoints that lives until tb ends. It is called several
// times at once for several cases.
type Opener func(tb testing.TB) checkpoint.Store

// Features are the abilities of a store beyond the port. The zero value claims nothing.
type Features struct {
	// Reopen closes s and returns a store on the same data, as the next process would.
	// nil is for stores that forget.
	Reopen func(tb testing.TB, s checkpoint.Store) checkpoint.Store

	// Second returns another store on the data of s, as a second process would; both are used
	// at once. nil is for stores that are one process's own.
	Second func(tb testing.TB, s checkpoint.Store) checkpoint.Store
}

// A Case is one behaviour that a store must show.
type Case struct {
	Name string // "Save/NeverGoesBack"
	Run  func(tb testing.TB, open Opener)
}

// Run runs every case of [Cases] as a subtest, in parallel, on a store of its own.
func Run(t *testing.T, open Opener, f Features) {
	for _, c := range Cases(f) {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			c.Run(t, open)
		})
	}
}

// Cases returns what [Run] runs on a store with these features. It is for who has to run them
// in another way: a case reports by tb, which may be a wrapper that embeds a testing.TB.
func Cases(f Features) []Case {
	groups := [][]scenario{loadCases, saveCases, nameCases, raceCases}
	if f.Reopen != nil {
		groups = append(groups, reopenCases)
	}
	if f.Second != nil {
		groups = append(groups, secondCases)
	}
	var cases []Case
	for _, sc := range slices.Concat(groups...) {
		cases = append(cases, Case{Name: sc.name, Run: func(tb testing.TB, open Opener) {
			tb.Helper()
			sc.run(&trial{TB: tb, features: f, mine: event.NewID()}, open(tb))
		}})
	}
	return cases
}

type scenario struct {
	name string
	run  func(t *trial, s checkpoint.Store)
}

// trial is what a case works with.
type trial struct {
	testing.TB
	features Features
	mine     event.ID // the store of the positions
}

// at returns the cursor at position n.
func (t *trial) at(n uint64) event.Cursor {
	return event.Cursor{Position: event.NewPosition(t.mine, n), Event: event.NewID()}
}

func (t *trial) save(s checkpoint.Store, name string, cur event.Cursor) {
	t.Helper()
	if err := s.Save(t.Context(), name, cur); err != nil {
		t.Fatalf("save %q at %v: %v", name, cur.Position, err)
	}
}

// requireAt fails unless want is under name.
func (t *trial) requireAt(s checkpoint.Store, name string, want event.Cursor) {
	t.Helper()
	if got, err := s.Load(t.Context(), name); err != nil || got != want {
		t.Errorf("%q is at %v, %v; want %v", name, got, err, want)
	}
}

// requireRefused fails unless saving cur under name is refused so, and changes nothing.
func (t *trial) requireRefused(s checkpoint.Store, name string, cur event.Cursor, want error) {
	t.Helper()
	before, err := s.Load(t.Context(), name)
	if err != nil {
		t.Fatalf("load %q: %v", name, err)
	}
	if err := s.Save(t.Context(), name, cur); !errors.Is(err, want) {
		t.Errorf("save %q at %v, where it is at %v: %v, want %v", name, cur.Position, before.Position, err, want)
	}
	t.requireAt(s, name, before)
}

func numbered(n int) string { return fmt.Sprint("subscription ", n) }
