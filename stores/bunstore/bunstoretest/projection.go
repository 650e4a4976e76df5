package bunstoretest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/subscription"
	"github.com/eventsource-go/eventsource/stores/bunstore"
)

// noting is a projection that writes a note for each event; a second one for the same event
// would fail.
func noting(fail func(said) error) bunstore.TxProjection {
	return bunstore.Project(registry, func(ctx context.Context, tx bun.Tx, env event.Envelope[any]) error {
		e := env.Event.(said)
		if err := write(ctx, tx, fmt.Sprintf("%s-%03d", env.Stream.ID, env.Version), e.Text); err != nil {
			return err
		}
		return fail(e)
	})
}

func never(said) error { return nil }

// pageOf returns the whole feed as one page.
func pageOf(t testing.TB, s Store) eventstore.Page {
	t.Helper()
	page, err := s.Page(t.Context(), eventstore.FeedQuery{})
	if err != nil || !page.AtHead {
		t.Fatal(page.AtHead, err)
	}
	return page
}

func resume(t testing.TB, sub subscription.Subscription) event.Cursor {
	t.Helper()
	cur, err := sub.Sink.Resume(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return cur
}

func projectionTogether(t testing.TB, s Store) {
	createNotes(t, s)
	mustAppend(t, s, to(one, eventstore.NoStream, said{"a"}, said{"b"}))
	sub, page := bunstore.NewSubscription("notes", noting(never), s), pageOf(t, s)
	if cur := resume(t, sub); cur != (event.Cursor{}) {
		t.Errorf("begins at %v", cur)
	}
	if err := sub.Sink.Take(t.Context(), page.Records, page.Next); err != nil || notes(t, s) != "[a b]" {
		t.Errorf("notes %s, %v", notes(t, s), err)
	}
	kept, err := bunstore.NewCheckpoints(s).Load(t.Context(), "notes")
	if again := resume(t, bunstore.NewSubscription("notes", noting(never), s)); kept != page.Next || again != page.Next || err != nil {
		t.Errorf("checkpoint %v, resumed at %v, want %v, %v", kept, again, page.Next, err)
	}
}

func projectionFails(t testing.TB, s Store) {
	createNotes(t, s)
	mustAppend(t, s, to(one, eventstore.NoStream, said{"a"}, said{"b"}, said{"bad"}, said{"c"}))
	boom, broken := errors.New("boom"), true
	sub := bunstore.NewSubscription("notes", noting(func(e said) error {
		if e.Text == "bad" && broken {
			return boom
		}
		return nil
	}), s)
	page := pageOf(t, s)
	resume(t, sub)
	if err := sub.Sink.Take(t.Context(), page.Records, page.Next); !errors.Is(err, boom) || notes(t, s) != "[a b]" {
		t.Errorf("notes %s, %v", notes(t, s), err)
	}
	if cur := resume(t, sub); cur.Event != page.Records[1].ID || cur.Position != page.Records[1].Position {
		t.Errorf("resumes at %v", cur)
	}
	broken = false
	if err := sub.Sink.Take(t.Context(), page.Records[2:], page.Next); err != nil || notes(t, s) != "[a b bad c]" {
		t.Errorf("mended: notes %s, %v", notes(t, s), err)
	}
}

// holdsUp checks that what goes wrong with the third event costs nothing of the two before it.
func holdsUp(t testing.TB, s Store, ctx context.Context, handle func(ctx context.Context, e said) error, wrong func(error) bool) {
	t.Helper()
	createNotes(t, s)
	mustAppend(t, s, to(one, eventstore.NoStream, said{"a"}, said{"b"}, said{"bad"}, said{"c"}))
	sub := bunstore.NewSubscription("notes", bunstore.Project(registry, func(ctx context.Context, tx bun.Tx, env event.Envelope[any]) error {
		e := env.Event.(said)
		if err := write(ctx, tx, fmt.Sprint(env.Version), e.Text); err != nil {
			return err
		}
		return handle(ctx, e)
	}), s)
	page := pageOf(t, s)
	resume(t, sub)
	if err := sub.Sink.Take(ctx, page.Records, page.Next); !wrong(err) || notes(t, s) != "[a b]" {
		t.Errorf("notes %s, %v", notes(t, s), err)
	}
	if cur := resume(t, sub); cur.Event != page.Records[1].ID {
		t.Errorf("resumes at %v", cur)
	}
}

func projectionPanics(t testing.TB, s Store) {
	holdsUp(t, s, t.Context(), func(_ context.Context, e said) error {
		if e.Text == "bad" {
			panic("boom")
		}
		return nil
	}, func(err error) bool {
		_, ok := errors.AsType[*subscription.PanicError](err)
		return ok
	})
}

func projectionSlow(t testing.TB, s Store) {
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	holdsUp(t, s, ctx, func(ctx context.Context, e said) error {
		if e.Text == "bad" {
			<-ctx.Done()
			return ctx.Err()
		}
		return nil
	}, func(err error) bool { return errors.Is(err, context.DeadlineExceeded) })
}

// projectionDiverged: somebody put another event at the position where this subscription is.
func projectionDiverged(t testing.TB, s Store) {
	createNotes(t, s)
	mustAppend(t, s, to(one, eventstore.NoStream, said{"a"}))
	sub, page := bunstore.NewSubscription("notes", noting(never), s), pageOf(t, s)
	resume(t, sub)
	if err := sub.Sink.Take(t.Context(), page.Records, page.Next); err != nil {
		t.Fatal(err)
	}
	inTx(t, s, func(ctx context.Context, tx bun.Tx, _ eventstore.Streams) error {
		_, err := tx.NewUpdate().Table("es_checkpoints").Set("event_id = ?", event.NewID().String()).Where("name = ?", "notes").Exec(ctx)
		return err
	})
	mustAppend(t, s, to(one, eventstore.Any, said{"b"}))
	page = pageOf(t, s)
	if err := sub.Sink.Take(t.Context(), page.Records[1:], page.Next); !errors.Is(err, bunstore.ErrMoved) || notes(t, s) != "[a]" {
		t.Errorf("notes %s, %v", notes(t, s), err)
	}
}

func projectionTwice(t testing.TB, s Store) {
	createNotes(t, s)
	mustAppend(t, s, to(one, eventstore.NoStream, said{"a"}))
	a, b := bunstore.NewSubscription("notes", noting(never), s), bunstore.NewSubscription("notes", noting(never), s)
	page := pageOf(t, s)
	resume(t, a)
	resume(t, b)
	if err := a.Sink.Take(t.Context(), page.Records, page.Next); err != nil {
		t.Fatal(err)
	}
	if err := b.Sink.Take(t.Context(), page.Records, page.Next); !errors.Is(err, bunstore.ErrMoved) || notes(t, s) != "[a]" {
		t.Errorf("the second one: notes %s, %v", notes(t, s), err)
	}
	if cur := resume(t, b); cur != page.Next {
		t.Errorf("it goes on from %v", cur)
	}
	mustAppend(t, s, to(one, eventstore.Any, said{"b"}))
	page = pageOf(t, s)
	if err := b.Sink.Take(t.Context(), page.Records[1:], page.Next); err != nil || notes(t, s) != "[a b]" {
		t.Errorf("the next one is its: notes %s, %v", notes(t, s), err)
	}
}

func projectionJoined(t testing.TB, s Store) {
	createNotes(t, s)
	mustAppend(t, s, to(one, eventstore.NoStream, said{"a"}))
	var calls []string
	call := func(name string) bunstore.TxProjection {
		return bunstore.Project(registry, func(context.Context, bun.Tx, event.Envelope[any]) error {
			calls = append(calls, name)
			return nil
		})
	}
	joined := bunstore.JoinTx(call("first"), call("second"))
	if got := fmt.Sprint(joined.Types()); got != "[bunstoretest.said]" {
		t.Errorf("takes %s", got)
	}
	sub, page := bunstore.NewSubscription("joined", joined, s), pageOf(t, s)
	resume(t, sub)
	if err := sub.Sink.Take(t.Context(), page.Records, page.Next); err != nil || fmt.Sprint(calls) != "[first second]" {
		t.Errorf("calls %v, %v", calls, err)
	}
}

func projectionCause(t testing.TB, s Store) {
	createNotes(t, s)
	if _, err := s.Append(event.WithCorrelation(t.Context(), "request"), to(one, eventstore.NoStream, said{"a"})); err != nil {
		t.Fatal(err)
	}
	page := pageOf(t, s)
	var got event.Metadata
	sub := bunstore.NewSubscription("cause", bunstore.Project(registry, func(ctx context.Context, _ bun.Tx, _ event.Envelope[any]) error {
		got = event.MetadataFrom(ctx)
		return nil
	}), s)
	resume(t, sub)
	want := event.MetadataFrom(event.WithCause(t.Context(), page.Records[0].Header))
	if err := sub.Sink.Take(t.Context(), page.Records, page.Next); err != nil || got.Causation != want.Causation || got.Correlation != want.Correlation {
		t.Errorf("metadata %+v, want %+v, %v", got, want, err)
	}
}
