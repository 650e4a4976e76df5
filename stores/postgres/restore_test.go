package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/subscription"
	"github.com/eventsource-go/eventsource/stores/bunstore"
	"github.com/eventsource-go/eventsource/stores/postgres"
	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

// follow returns what the feed shows after a cursor, up to its head or to where it stands, in
// pages of so many. An error is the end of it.
func follow(ctx context.Context, s *postgres.Store, after event.Cursor, limit int) (recs []event.Record, stall *eventstore.Stall, err error) {
	for q := (eventstore.FeedQuery{After: after, Limit: limit}); ; {
		page, err := s.Page(ctx, q)
		if err != nil {
			return recs, nil, err
		}
		if recs, q.After = append(recs, page.Records...), page.Next; page.AtHead || page.Stall != nil {
			return recs, page.Stall, nil
		}
	}
}

func mustFollow(t testing.TB, s *postgres.Store, after event.Cursor, limit int) []event.Record {
	t.Helper()
	recs, stall, err := follow(t.Context(), s, after, limit)
	if err != nil || stall != nil {
		t.Fatalf("after %v: stall %v, %v", after, stall, err)
	}
	return recs
}

func cursorOf(rec event.Record) event.Cursor {
	return event.Cursor{Position: rec.Position, Event: rec.ID}
}

func sameRecords(a, b []event.Record) bool {
	return slices.EqualFunc(a, b, func(a, b event.Record) bool {
		return fmt.Sprint(a.Header) == fmt.Sprint(b.Header) && string(a.Data) == string(b.Data)
	})
}

func diverged(t testing.TB, what string, err error, cur event.Cursor, found event.ID) {
	t.Helper()
	got, ok := errors.AsType[*eventstore.DivergedError](err)
	if !ok || got.Cursor != cur || got.Found != found || !errors.Is(err, eventstore.ErrDiverged) {
		t.Errorf("%s: %v; want that %v has diverged, found %s", what, err, cur, found)
	}
}

// restore makes a database of a dump, on a server, and opens it.
func restore(t *testing.T, server *postgrestest.Server, dump string) *postgres.Store {
	t.Helper()
	if _, err := postgrestest.Connect(t, server.URL).Exec(t.Context(), dump); err != nil {
		t.Fatal(err)
	}
	s := openMigrated(t, server.URL, postgres.Config{ListenURL: "-"})
	if err := s.CheckSchema(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func started(t *testing.T, settings ...string) *postgrestest.Server {
	t.Helper()
	server, err := postgrestest.Start(t.Context(), settings...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { remove(t, server) })
	return server
}

// fill appends a little of everything: several streams and tenants, places of appends that were
// rolled back, the last ones among them.
func fill(t testing.TB, s *postgres.Store) {
	t.Helper()
	for i := range 5 {
		mustAppend(t, s, to(stream(fmt.Sprint(i%3)), eventstore.Any, "a", "b"), to(event.StreamID{Category: "other", ID: "1"}, eventstore.Any, "c"))
		if _, err := s.Append(event.WithTenant(t.Context(), "tenant"), to(one, eventstore.Any, "a")); err != nil {
			t.Fatal(err)
		}
		tx := begin(t, s)
		mustAppend(t, s.WithTx(tx), to(stream("lost"), eventstore.Any, "a", "b"))
		end(t, tx.Rollback)
	}
}

// A log goes on in another cluster as if nothing had happened.
func TestRestoredLogGoesOnExactly(t *testing.T) {
	t.Parallel()
	at := postgrestest.Database(t)
	s := open(t, at, postgres.Config{})
	fill(t, s)
	sent := to(stream("sent"), eventstore.NoStream, "a")
	first := mustAppend(t, s, sent)[0]
	before := mustFollow(t, s, event.Cursor{}, 7)
	// Whoever is open is not in the dump. Those who read meanwhile stand at its place.
	open := begin(t, s)
	drawn := mustAppend(t, s.WithTx(open), to(stream("open"), eventstore.NoStream, "a"))[0]
	behind := mustAppend(t, s, to(stream("behind"), eventstore.NoStream, "a"))[0]
	if _, stall, err := follow(t.Context(), s, event.Cursor{}, 7); err != nil || stall == nil {
		t.Fatalf("stall %v, %v", stall, err)
	}
	tail := begin(t, s)
	last := mustAppend(t, s.WithTx(tail), to(stream("tail"), eventstore.NoStream, "a"))[0]
	end(t, tail.Rollback)
	dump := postgrestest.Dump(t, at, "--inserts")
	end(t, open.Rollback)

	restored := restore(t, started(t), dump)
	all := mustFollow(t, restored, event.Cursor{}, 7)
	if len(all) != len(before)+1 || !sameRecords(all[:len(before)], before) || all[len(before)].Position != behind.Position {
		t.Fatalf("restored are %d events, dumped were %d", len(all), len(before)+1)
	}
	for i, rec := range before {
		if rest := mustFollow(t, restored, cursorOf(rec), 5); !sameRecords(rest, all[i+1:]) {
			t.Fatalf("after the cursor of event %d come %d events, want %d", i, len(rest), len(all)-i-1)
		}
	}
	if again := mustAppend(t, restored, sent)[0]; !again.Replayed || again.Position != first.Position {
		t.Errorf("sent again: %+v, the first time %+v", again, first)
	}
	next := mustAppend(t, restored, to(stream("sent"), eventstore.Exactly(1), "b"))[0]
	for _, p := range []event.Position{drawn.Position, behind.Position, last.Position} {
		if c, err := next.First.Compare(p); err != nil || c <= 0 {
			t.Errorf("%v comes after the restore, %v had been drawn before, %v", next.First, p, err)
		}
	}
	if rest := mustFollow(t, restored, cursorOf(all[len(all)-1]), 5); len(rest) != 1 || rest[0].Version != 2 {
		t.Errorf("after the last cursor come %d events, want the new one", len(rest))
	}
}

// What has seen more than the log has is told so, before and after its places are taken by others.
func TestRestoreOfAnOlderStateIsNoticed(t *testing.T) {
	t.Parallel()
	at := postgrestest.Database(t)
	s := open(t, at, postgres.Config{})
	fill(t, s)
	dump := postgrestest.Dump(t, at, "--inserts")
	kept := mustFollow(t, s, event.Cursor{}, 100)
	for i := range 3 {
		mustAppend(t, s, to(stream("later"), eventstore.Exactly(n64(i)), "later"))
	}
	lost := mustFollow(t, s, event.Cursor{}, 100)[len(kept):]

	restored := restore(t, started(t), dump)
	for _, rec := range lost {
		_, _, err := follow(t.Context(), restored, cursorOf(rec), 5)
		diverged(t, "before anything was appended", err, cursorOf(rec), event.ID{})
	}
	requireSubscriptionEnds(t, restored, cursorOf(lost[2]), event.ID{})
	var others []event.Record
	for i := range len(lost) + 2 {
		mustAppend(t, restored, to(stream("other"), eventstore.Exactly(n64(i)), "later"))
	}
	for _, rec := range mustFollow(t, restored, cursorOf(kept[len(kept)-1]), 100) {
		if slices.ContainsFunc(lost, func(gone event.Record) bool { return gone.Position == rec.Position }) {
			others = append(others, rec)
		}
	}
	if len(others) != len(lost) {
		t.Fatalf("%d places were taken by others, want %d", len(others), len(lost))
	}
	for i, rec := range lost {
		_, _, err := follow(t.Context(), restored, cursorOf(rec), 5)
		diverged(t, "when others stand there", err, cursorOf(rec), others[i].ID)
		for _, q := range []eventstore.FeedQuery{{Types: []string{"absent"}}, {Categories: []string{"test"}}, {Tenant: "tenant"}} {
			q.After = cursorOf(rec)
			_, err := restored.Page(t.Context(), q)
			diverged(t, "filtered", err, q.After, others[i].ID)
		}
	}
	requireSubscriptionEnds(t, restored, cursorOf(lost[1]), others[1].ID)
	if rest := mustFollow(t, restored, cursorOf(kept[len(kept)-1]), 2); len(rest) != len(lost)+2 {
		t.Errorf("whoever had seen no more than is there is shown %d events, want %d", len(rest), len(lost)+2)
	}
}

// requireSubscriptionEnds fails unless a projection whose checkpoint is newer than the log ends,
// and has projected nothing.
func requireSubscriptionEnds(t *testing.T, s *postgres.Store, checkpoint event.Cursor, found event.ID) {
	t.Helper()
	type payload struct{}
	name := "of " + checkpoint.Event.String()
	if err := s.Checkpoints().Save(t.Context(), name, checkpoint); err != nil {
		t.Fatal(err)
	}
	projected := 0
	registry := event.NewRegistry(map[string]any{"later": payload{}})
	p := bunstore.Project(registry, func(context.Context, bun.Tx, event.Envelope[any]) error {
		projected++
		return nil
	})
	group, err := subscription.NewGroup(s, subscription.Config{}, bunstore.NewSubscription(name, p, s))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	diverged(t, "the subscription", group.Run(ctx), checkpoint, found)
	if at, err := s.Checkpoints().Load(t.Context(), name); err != nil || at != checkpoint || projected != 0 {
		t.Errorf("the checkpoint is %v, was %v, %v; %d events were projected", at, checkpoint, err, projected)
	}
}
