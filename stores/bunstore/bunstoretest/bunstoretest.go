// Package bunstoretest is the contract of package bunstore as a test suite: what an SQL store
// offers beside its events. It comes on top of eventstoretest and checkpointtest.
package bunstoretest

import (
	"context"
	"fmt"
	"testing"

	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/stores/bunstore"
)

// Store is a store with a database.
type Store interface {
	eventstore.Store
	bunstore.Database
}

// An Opener returns an empty store with its schema in place, which lives until tb ends.
type Opener func(tb testing.TB) Store

// A Case is one behaviour that a store must show.
type Case struct {
	Name string // "InTx/LeavesNothingAfterAnError"
	Run  func(tb testing.TB, open Opener)
}

// Run runs every case of [Cases] as a subtest, in parallel, on a store of its own.
func Run(t *testing.T, open Opener) {
	for _, c := range Cases() {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			c.Run(t, open)
		})
	}
}

// Cases returns what [Run] runs. It is for who has to run them in another way: a case reports
// by tb, which may be a wrapper that embeds a testing.TB.
func Cases() []Case {
	var cases []Case
	for _, c := range []struct {
		name string
		run  func(testing.TB, Store)
	}{
		{"InTx/CommitsTablesAndEventsTogether", inTxCommits},
		{"InTx/LeavesNothingAfterAnError", inTxError},
		{"InTx/LeavesNothingAfterAPanic", inTxPanic},
		{"InTx/LeavesNothingWhenCanceled", inTxCanceled},
		{"InTx/RefusedAppendLeavesItAlive", inTxRefused},
		{"InTx/NothingIsAppendedAfterItsEnd", inTxEnded},
		{"Projection/WritesWithItsCheckpoint", projectionTogether},
		{"Projection/FailedEventHoldsUpOnlyWhatFollows", projectionFails},
		{"Projection/PanicHoldsUpOnlyWhatFollows", projectionPanics},
		{"Projection/DeadlineHoldsUpOnlyWhatFollows", projectionSlow},
		{"Projection/OfTwoProcessesOneApplies", projectionTwice},
		{"Projection/OtherEventAtItsCheckpointStopsIt", projectionDiverged},
		{"Projection/JoinedTakeInOrder", projectionJoined},
		{"Projection/CauseIsInTheContext", projectionCause},
		{"Migrate/AppliesOnceInOrder", migrateOnce},
		{"Migrate/FailedLeavesNothing", migrateFails},
		{"Migrate/RefusesWhatIsNotItsOwn", migrateRefuses},
		{"Migrate/NewerButCompatibleIsAccepted", migrateCompatible},
	} {
		cases = append(cases, Case{c.name, func(tb testing.TB, open Opener) { tb.Helper(); c.run(tb, open(tb)) }})
	}
	return cases
}

// note is a row of a table of the caller's own.
type note struct {
	bun.BaseModel `bun:"table:bunstoretest_notes"`

	ID   string `bun:"id,pk"`
	Text string `bun:"text"`
}

func createNotes(t testing.TB, s Store) {
	t.Helper()
	inTx(t, s, func(ctx context.Context, tx bun.Tx, _ eventstore.Streams) error {
		_, err := tx.NewCreateTable().Model((*note)(nil)).Exec(ctx)
		return err
	})
}

func inTx(t testing.TB, s Store, fn func(context.Context, bun.Tx, eventstore.Streams) error) {
	t.Helper()
	if err := s.InTx(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func write(ctx context.Context, tx bun.Tx, id, text string) error {
	_, err := tx.NewInsert().Model(&note{ID: id, Text: text}).Exec(ctx)
	return err
}

// notes returns the texts of all notes, by id.
func notes(t testing.TB, s Store) string {
	t.Helper()
	texts := []string{}
	if err := s.DB().NewSelect().Model((*note)(nil)).Column("text").Order("id").Scan(t.Context(), &texts); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(texts)
}

var one, two = event.StreamID{Category: "test", ID: "1"}, event.StreamID{Category: "test", ID: "2"}

func to(stream event.StreamID, expect eventstore.Expectation, events ...any) eventstore.Append {
	a := eventstore.Append{Stream: stream, Expect: expect}
	for _, e := range events {
		draft, err := registry.Encode(context.Background(), event.Header{ID: event.NewID()}, e)
		if err != nil {
			panic(err)
		}
		a.Events = append(a.Events, draft)
	}
	return a
}

func mustAppend(t testing.TB, s eventstore.Streams, appends ...eventstore.Append) []eventstore.AppendResult {
	t.Helper()
	results, err := s.Append(t.Context(), appends...)
	if err != nil {
		t.Fatal(err)
	}
	return results
}

// count returns how many events a stream has.
func count(t testing.TB, s eventstore.Streams, stream event.StreamID) int {
	t.Helper()
	recs, err := eventstore.Collect(s.Read(t.Context(), stream, eventstore.ReadQuery{}))
	if err != nil {
		t.Fatal(err)
	}
	return len(recs)
}

type said struct{ Text string }

var registry = event.NewRegistry(map[string]any{"bunstoretest.said": said{}})
