package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/stores/postgres"
	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

// openHere is open with a server that ends before the test does.
func openHere(t *testing.T, url string) *postgres.Store {
	t.Helper()
	s := openUntil(t, url)
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

// A server that does not answer any more holds nobody longer than they want, and a while for it
// to say what became of the statement. What it was sent it may do later.
func TestFrozenServer(t *testing.T) {
	server := startServer(t)
	s := openHere(t, server.URL)
	defer s.Close()
	mustAppend(t, s, to(one, eventstore.NoStream, "a"))
	frozen := func(call func(ctx context.Context) error) error {
		t.Helper()
		if _, err := s.Head(t.Context()); err != nil { // there is a connection
			t.Fatal(err)
		}
		if err := server.Freeze(); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := server.Thaw(); err != nil {
				t.Fatal(err)
			}
		}()
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		return call(ctx) // which never returns, if not by its context
	}
	for name, call := range map[string]func(ctx context.Context) error{
		"read": func(ctx context.Context) error {
			_, err := eventstore.Collect(s.Read(ctx, one, eventstore.ReadQuery{}))
			return err
		},
		"page": func(ctx context.Context) error { _, err := s.Page(ctx, eventstore.FeedQuery{}); return err },
		"begin": func(ctx context.Context) error {
			return s.InTx(ctx, func(context.Context, bun.Tx, eventstore.Streams) error { return nil })
		},
		"open": func(ctx context.Context) error {
			_, err := postgres.Open(ctx, server.URL, postgres.Config{})
			return err
		},
	} {
		if err := frozen(call); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, postgres.ErrOutcomeUnknown) {
			t.Errorf("%s: %v", name, err)
		}
	}
	a := to(one, eventstore.Exactly(1), "b", "c")
	err := frozen(func(ctx context.Context) error { _, err := s.Append(ctx, a); return err })
	unknown, ok := errors.AsType[*postgres.OutcomeUnknownError](err)
	if !ok || !errors.Is(err, context.DeadlineExceeded) || len(unknown.IDs) != 2 {
		t.Errorf("append: %v", err)
	}
	// To append the same again tells, whatever it was.
	if res := mustAppend(t, s, a)[0]; res.Version != 3 {
		t.Errorf("again: %+v", res)
	}
	if got := types(t, s, one); got != "[a b c]" {
		t.Errorf("stored %s", got)
	}
	requireIdle(t, s)
}

// The server is killed while an append waits in it, and comes back: the append is stored once.
func TestServerIsKilledInTheMiddleOfAnAppend(t *testing.T) {
	server := startServer(t)
	s := openHere(t, server.URL)
	defer s.Close()
	mustAppend(t, s, to(one, eventstore.NoStream, "a"))
	for name, appends := range map[string][]eventstore.Append{
		"one":     {to(one, eventstore.Any, "b")},
		"several": {to(two, eventstore.Any, "b", "b"), to(one, eventstore.Any, "b")},
	} {
		holding := begin(t, s)
		mustAppend(t, s.WithTx(holding), to(one, eventstore.Any, "held"))
		ended := make(chan error, 1)
		go func() { _, err := s.Append(t.Context(), appends...); ended <- err }()
		waitForWaiters(t, server.URL, 1)
		if err := errors.Join(server.Kill(), server.Restart(t.Context())); err != nil {
			t.Fatal(err)
		}
		if err := <-ended; err != nil {
			t.Errorf("%s: %v", name, err)
		}
		_ = holding.Rollback()
	}
	if got := types(t, s, one) + types(t, s, two); got != "[a b b][b b]" {
		t.Errorf("stored %s", got)
	}
	requireIdle(t, s)
}

// waitForWaiters returns when so many sessions wait for a lock.
func waitForWaiters(t *testing.T, url string, n int) {
	t.Helper()
	conn := postgrestest.Connect(t, url)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		var waiting int
		if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'").Scan(&waiting); err != nil {
			t.Fatal(err)
		}
		if waiting >= n {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d wait", waiting)
		}
	}
}

// The disk is full, in that the file of the table can't grow any more: what comes is refused
// whole, what was acknowledged can be read, and when there is room again everything goes on, with
// the events that were refused.
func TestFullDisk(t *testing.T) {
	server := startServer(t)
	s := openHere(t, server.URL+"&pool_max_conns=1")
	defer s.Close()
	limit := func(bytes int64) {
		t.Helper()
		if err := server.LimitFiles(t.Context(), bytes); err != nil {
			t.Fatal(err)
		}
	}
	limit(20<<20 + 100) // above what a segment of the log needs; not a multiple of a page
	large := func(id string) eventstore.Append {
		a := to(stream(id), eventstore.NoStream, "a", "b")
		for i := range a.Events {
			var text strings.Builder
			for text.Len() < 700_000 { // which does not compress
				text.WriteString(event.NewID().String())
			}
			a.Events[i].Data = []byte(`"s3cret ` + text.String() + `"`)
		}
		return a
	}
	reopen(t, s)
	var stored int
	var refused eventstore.Append
	for {
		refused = large(fmt.Sprint(stored))
		_, err := s.Append(t.Context(), refused)
		if err == nil && stored < 100 {
			stored++
			continue
		}
		requireTyped(t, "append", err, postgres.ErrFull, "53100", "s3cret")
		break
	}
	_, err := s.Append(t.Context(), large("p"), large("q"))
	requireTyped(t, "several", err, postgres.ErrFull, "53100", "s3cret")
	err = s.InTx(t.Context(), func(ctx context.Context, _ bun.Tx, streams eventstore.Streams) error {
		_, err := streams.Append(ctx, large("tx"))
		requireTyped(t, "in a transaction", err, postgres.ErrFull, "53100", "s3cret")
		return err
	})
	requireTyped(t, "transaction", err, postgres.ErrFull, "53100", "s3cret")
	if got := len(wholePage(t, s).Records); stored == 0 || got == 0 {
		t.Errorf("%d appends were stored, a page has %d", stored, got)
	}
	for i := range stored {
		if got := types(t, s, stream(fmt.Sprint(i))); got != "[a b]" {
			t.Errorf("append %d left %s", i, got)
		}
	}
	for _, id := range []string{fmt.Sprint(stored), "p", "q", "tx"} {
		if got := types(t, s, stream(id)); got != "[]" {
			t.Errorf("what was refused left %s", got)
		}
	}
	requireIdle(t, s)
	limit(0)
	reopen(t, s)
	if res := mustAppend(t, s, refused)[0]; res.Version != 2 || res.Replayed {
		t.Errorf("with room again: %+v", res)
	}
}

// reopen has the pool of s connect anew.
func reopen(t *testing.T, s *postgres.Store) {
	t.Helper()
	_, _ = s.DB().ExecContext(t.Context(), "SELECT pg_terminate_backend(pg_backend_pid())")
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		if _, err := s.Head(t.Context()); err == nil {
			return
		}
	}
	t.Fatal("it does not come back")
}
