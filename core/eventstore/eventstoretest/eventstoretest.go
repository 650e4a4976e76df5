// Package eventstoretest is the contract of package eventstore as a test suite. It is the whole
// obligation of a store, and one test of its author's:
//
//	func TestConformance(t *testing.T) {
//		eventstoretest.Run(t, open, eventstoretest.Features{Notify: true})
//	}
//
// The names of cases are Area/What and don't change, so that one of them can be run alone:
//
//	go test -run 'TestConformance/Append/ConflictNamesActualVersion'
//
// Cases of the areas Tx and Interleaved are for stores that claim [Features].Begin: they hold
// transactions open, end them in every order, and look at the feed after each step. No reader may
// be shown what is not committed, go past what may still be, or wait for who has not appended.
//
// Cases that draw random numbers log their seed; with EVENTSTORETEST_SEED set to it they draw
// the same ones again.
package eventstoretest

import (
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/eventsource-go/eventsource/core/eventstore"
)

// Options is what a case needs of the store it is given. The zero value is the store's default.
type Options struct {
	Policy eventstore.Policy // belongs into the store's Config as it is
	Now    func() time.Time  // the store's clock; nil is its own
}

// An Opener returns an empty store that is as opts say. The store lives until tb ends; the
// Opener registers the cleanup. It is called from the goroutine of the case, and several times
// at once for several cases.
type Opener func(tb testing.TB, opts Options) eventstore.Store

// Features are the abilities of a store beyond the port. Those that are claimed are put to the
// test; Notify and Close fail also if the store has the ability and doesn't claim it.
// The zero value claims nothing.
type Features struct {
	// Notify says that the store implements [eventstore.Notifier].
	Notify bool

	// Close says that the store implements [io.Closer]: after Close, which may be called again,
	// every method returns [eventstore.ErrStoreClosed], and what was acknowledged is kept.
	Close bool

	// Reopen closes s, which came from the Opener, from Reopen or from Second, and returns a
	// store on the same data, with the same options, as the next process would. nil is for
	// stores that forget.
	Reopen func(tb testing.TB, s eventstore.Store) eventstore.Store

	// Second returns another store on the data of s, with the same options, as a second
	// process would; both are used at once. nil is for stores that are one process's own.
	Second func(tb testing.TB, s eventstore.Store) eventstore.Store

	// Begin begins a transaction on the database of s, in which a caller can append, write to
	// other tables, and read. It sees to it that the transaction is rolled back if it is open
	// when tb ends. nil is for stores whose appends can't be a part of one.
	Begin func(tb testing.TB, s eventstore.Store) Tx

	// Interleaved says that Begin can be called while others are open which have appended, five
	// of them at most, and that appends to other streams than theirs don't wait for them. Without
	// it the suite has one transaction at a time, beside which it only reads.
	Interleaved bool
}

// A Case is one behaviour that a store must show.
type Case struct {
	Name string // "Append/ConflictNamesActualVersion"
	Run  func(tb testing.TB, open Opener)

	alone bool // it measures the process
}

// Run runs every case of [Cases] as a subtest on a store of its own, most of them in parallel.
func Run(t *testing.T, open Opener, f Features) {
	for _, c := range Cases(f) {
		t.Run(c.Name, func(t *testing.T) {
			if !c.alone {
				t.Parallel()
			}
			c.Run(t, open)
		})
	}
}

// Cases returns what [Run] runs on a store with these features. It is for who has to run them
// in another way: a case reports by tb, which may be a wrapper that embeds a testing.TB.
func Cases(f Features) []Case {
	groups := [][]scenario{
		featureCases, appendCases, severalCases, closingCases, refusalCases, limitCases, replayCases, raceCases,
		storedCases, readCases, openReadCases, tornCases, contextCases, lookupCases, directoryCases,
		feedCases, pageCases, cursorCases, followerCases, tenancyCases, atomicCases, modelCases,
	}
	if f.Notify {
		groups = append(groups, notifyCases)
	}
	if f.Close {
		groups = append(groups, closeCases)
	}
	if f.Reopen != nil {
		groups = append(groups, reopenCases)
	}
	if f.Second != nil {
		groups = append(groups, secondCases)
	}
	if f.Second != nil && f.Notify {
		groups = append(groups, secondNotifyCases)
	}
	if f.Begin != nil {
		groups = append(groups, txCases)
	}
	if f.Begin != nil && f.Interleaved {
		groups = append(groups, interleavedCases)
	}
	var cases []Case
	for _, sc := range slices.Concat(groups...) {
		cases = append(cases, Case{Name: sc.name, alone: sc.alone, Run: func(tb testing.TB, open Opener) {
			tb.Helper()
			sc.run(&trial{TB: tb, opener: open, features: f})
		}})
	}
	return cases
}

// scenario is a case before it is bound to features.
type scenario struct {
	name  string
	run   func(t *trial)
	alone bool
}

// trial is what a case works with.
type trial struct {
	testing.TB
	opener   Opener
	features Features
}

// open returns a new store with default options.
func (t *trial) open() eventstore.Store { return t.opener(t.TB, Options{}) }

// openWith returns a new store that is as opts say.
func (t *trial) openWith(opts Options) eventstore.Store { return t.opener(t.TB, opts) }

// rand returns random numbers that can be had again.
func (t *trial) rand() *rand.Rand {
	t.Helper()
	seed, err := strconv.ParseUint(os.Getenv("EVENTSTORETEST_SEED"), 10, 64)
	if err != nil {
		seed = rand.Uint64()
	}
	t.Logf("EVENTSTORETEST_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}
