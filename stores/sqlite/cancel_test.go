package sqlite

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// slowInsert takes so long that it is interrupted, if somebody cares to.
const slowInsert = `INSERT INTO junk WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT %d) SELECT x FROM c`

func withJunk(t *testing.T, cfg Config) *Store {
	t.Helper()
	s := openForGroups(t, cfg)
	if _, err := s.writer.conn.ExecContext(t.Context(), "CREATE TABLE junk (x)"); err != nil {
		t.Fatal(err)
	}
	return s
}

// A transaction that is canceled must be over when the next one has the connection.
func TestCanceledTransactionsHarmNobody(t *testing.T) {
	s := withJunk(t, Config{Synchronous: Normal})
	var canceled, appended sync.WaitGroup
	var over atomic.Bool
	for w := range 4 {
		appended.Go(func() {
			for !over.Load() {
				if _, err := s.Append(context.Background(), draftTo(fmt.Sprint(w%2), eventstore.Any, "a", "b")); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for range 3 {
		canceled.Go(func() {
			for range 100 {
				ctx, cancel := context.WithCancel(context.Background())
				err := s.InTx(ctx, func(ctx context.Context, tx bun.Tx, _ eventstore.Streams) error {
					go cancel()
					_, err := tx.ExecContext(ctx, fmt.Sprintf(slowInsert, 2000))
					return err
				})
				cancel()
				if err != nil && !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
			}
		})
	}
	canceled.Wait()
	over.Store(true)
	appended.Wait()
	var torn int
	err := s.DB().DB.QueryRow(`SELECT count(*) FROM es_streams s WHERE version <> (SELECT count(*) FROM es_events e WHERE e.stream = s.stream)`).Scan(&torn)
	if err != nil || torn > 0 {
		t.Errorf("%d streams whose row disagrees with their events, %v", torn, err)
	}
}

// SQLite ends a transaction by itself when a write is interrupted. What comes after that must not
// be stored on its own, whatever fn makes of it.
func TestNothingIsKeptOfATransactionThatSQLiteEnded(t *testing.T) {
	for _, returned := range []error{nil, errors.New("refused")} {
		s := withJunk(t, Config{})
		err := s.InTx(t.Context(), func(ctx context.Context, tx bun.Tx, streams eventstore.Streams) error {
			short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
			defer cancel()
			if _, err := tx.ExecContext(short, fmt.Sprintf(slowInsert, 1<<30)); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("it was not interrupted: %v", err)
			}
			_, err := streams.Append(ctx, draftTo("1", eventstore.Any, "a"))
			wantError(t, err, ErrTxEnded)
			if _, err := tx.ExecContext(ctx, "INSERT INTO junk VALUES ('after')"); err == nil {
				t.Error("written after the end")
			}
			// A savepoint begins a transaction where there is none, and stays when it is not released.
			if _, err := tx.ExecContext(ctx, "SAVEPOINT mine; INSERT INTO junk VALUES ('behind a savepoint')"); err != nil {
				t.Error(err)
			}
			return returned
		})
		if err == nil || returned != nil && !errors.Is(err, returned) {
			t.Errorf("fn returned %v, InTx %v", returned, err)
		}
		var junk int
		if err := s.DB().DB.QueryRow("SELECT count(*) FROM junk").Scan(&junk); err != nil || junk > 0 || typesOf(t, s, "1") != "[]" {
			t.Errorf("it left %d rows, events %s, %v", junk, typesOf(t, s, "1"), err)
		}
		if _, err := s.Append(t.Context(), draftTo("1", eventstore.NoStream, "a")); err != nil {
			t.Errorf("the next append: %v", err)
		}
	}
}

func TestTransactionIsNotTheFunctionsToCommit(t *testing.T) {
	s := withJunk(t, Config{})
	err := s.InTx(t.Context(), func(ctx context.Context, tx bun.Tx, streams eventstore.Streams) error {
		if _, err := streams.Append(ctx, draftTo("1", eventstore.Any, "a")); err != nil {
			t.Error(err)
		}
		if err := tx.Commit(); err == nil {
			t.Error("it was committed")
		}
		return nil
	})
	wantError(t, err, ErrTxEnded)
	if got := typesOf(t, s, "1"); got != "[]" {
		t.Errorf("it left %s", got)
	}
}

// countdown is a context that ends when it has been asked for its end a number of times.
type countdown struct {
	context.Context
	left atomic.Int32
	done chan struct{}
	once sync.Once
}

func (c *countdown) Done() <-chan struct{} {
	if c.left.Add(-1) <= 0 {
		c.once.Do(func() { close(c.done) })
	}
	return c.done
}

func (c *countdown) Err() error {
	select {
	case <-c.done:
		return context.Canceled
	default:
		return nil
	}
}

// An append whose context ends at any step is stored whole or not at all, and says which.
func TestAppendInATransactionIsWholeWheneverItsContextEnds(t *testing.T) {
	s := openForGroups(t, Config{Synchronous: Normal})
	for k := range int32(40) {
		one, two := fmt.Sprint("one", k), fmt.Sprint("two", k)
		var appendErr error
		err := s.InTx(t.Context(), func(ctx context.Context, _ bun.Tx, streams eventstore.Streams) error {
			ending := &countdown{Context: ctx, done: make(chan struct{})}
			ending.left.Store(k)
			_, appendErr = streams.Append(ending, draftTo(one, eventstore.Any, "a", "b"), draftTo(two, eventstore.Any, "c"))
			return nil // it was not that important
		})
		want := "[a b][c]"
		if appendErr != nil {
			want = "[][]"
		}
		if got := typesOf(t, s, one) + typesOf(t, s, two); err != nil || got != want {
			t.Errorf("ended at step %d: append %v, InTx %v, stored %s", k, appendErr, err, got)
		}
		if _, err := s.Append(t.Context(), draftTo(one, eventstore.Any, "z")); err != nil {
			t.Errorf("ended at step %d: the next append: %v", k, err)
		}
	}
}

// A context ends also the waiting for another process.
func TestWaitingEndsWithTheContext(t *testing.T) {
	s := openForGroups(t, Config{BusyTimeout: time.Hour})
	unlock := lock(t, s)
	reason := errors.New("closing time")
	ctx, cancel := context.WithCancelCause(t.Context())
	appending, working := make(chan error), make(chan error)
	go func() { _, err := s.Append(ctx, draftTo("1", eventstore.Any, "a")); appending <- err }()
	go func() {
		working <- s.InTx(ctx, func(context.Context, bun.Tx, eventstore.Streams) error { return nil })
	}()
	cancel(reason)
	for name, ended := range map[string]chan error{"append": appending, "transaction": working} {
		select {
		case err := <-ended:
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%s: %v", name, err)
			}
		case <-time.After(30 * time.Second):
			t.Fatalf("%s: still waiting", name)
		}
	}
	unlock()
	if _, err := s.Append(t.Context(), draftTo("1", eventstore.NoStream, "b")); err != nil {
		t.Errorf("what was canceled left something: %v", err)
	}
}

func TestContextOfATransactionThatIsOverOpensNothing(t *testing.T) {
	s := openForGroups(t, Config{})
	var kept context.Context
	err := s.InTx(t.Context(), func(ctx context.Context, _ bun.Tx, _ eventstore.Streams) error { kept = ctx; return nil })
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Head(kept); !errors.Is(err, eventstore.ErrStoreClosed) {
		t.Error(err)
	}
}

// A commit that SQLite refuses leaves nothing, and the writer free.
func TestRefusedCommit(t *testing.T) {
	s := openForGroups(t, Config{})
	_, err := s.writer.conn.ExecContext(t.Context(), `PRAGMA foreign_keys = ON;
CREATE TABLE parent (id INTEGER PRIMARY KEY);
CREATE TABLE child (parent INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
CREATE TRIGGER orphan AFTER INSERT ON es_events WHEN NEW.type = 'orphan' BEGIN INSERT INTO child VALUES (7); END`)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Append(t.Context(), draftTo("1", eventstore.Any, "orphan"))
	if _, ok := errors.AsType[*Error](err); !ok {
		t.Errorf("append: %v", err)
	}
	err = s.InTx(t.Context(), func(ctx context.Context, _ bun.Tx, streams eventstore.Streams) error {
		_, err := streams.Append(ctx, draftTo("1", eventstore.Any, "orphan"))
		return err
	})
	if e, ok := errors.AsType[*Error](err); !ok || e.Op != "commit" {
		t.Errorf("transaction: %v", err)
	}
	if _, err := s.Append(t.Context(), draftTo("1", eventstore.NoStream, "a")); err != nil {
		t.Errorf("the next append: %v", err)
	}
}

// Who is refused must not be told as if something were stored.
func TestRefusedAppendTellsNobody(t *testing.T) {
	s := openForGroups(t, Config{WatchInterval: -1})
	if _, err := s.Append(t.Context(), draftTo("1", eventstore.Any, "a")); err != nil {
		t.Fatal(err)
	}
	appended := s.Appended()
	if _, err := s.Append(t.Context(), draftTo("2", eventstore.Any, "a", "b"), draftTo("1", eventstore.NoStream, "b")); !errors.Is(err, eventstore.ErrConflict) {
		t.Fatal(err)
	}
	select {
	case <-appended:
		t.Error("told of nothing")
	default:
	}
	if _, err := s.Append(t.Context(), draftTo("1", eventstore.Any, "b")); err != nil {
		t.Fatal(err)
	}
	select {
	case <-appended:
	default:
		t.Error("not told of what was stored then")
	}
}

func TestReaders(t *testing.T) {
	s := openForGroups(t, Config{Readers: 3, BusyTimeout: 1234 * time.Millisecond})
	var wait int
	if err := s.DB().DB.QueryRow("PRAGMA busy_timeout").Scan(&wait); err != nil || wait != 1234 {
		t.Errorf("readers wait %d ms, %v", wait, err)
	}
	if n := s.DB().Stats().MaxOpenConnections; n != 3 {
		t.Errorf("%d connections", n)
	}
}

func TestNestedTransactionsOfTwoStoresRefuseTheOuterOne(t *testing.T) {
	s, other := openForGroups(t, Config{BusyTimeout: time.Hour}), openForGroups(t, Config{})
	err := s.InTx(t.Context(), func(ctx context.Context, _ bun.Tx, _ eventstore.Streams) error {
		if _, err := s.Settings(ctx); !errors.Is(err, ErrInsideTx) {
			t.Errorf("settings: %v", err)
		}
		return other.InTx(ctx, func(ctx context.Context, _ bun.Tx, _ eventstore.Streams) error {
			if _, err := s.Append(ctx, draftTo("1", eventstore.Any, "a")); !errors.Is(err, ErrInsideTx) {
				t.Errorf("append: %v", err)
			}
			return nil
		})
	})
	if err != nil {
		t.Error(err)
	}
}

// Times outside of what can be stored select nothing, or everything, and don't wrap around.
func TestExtremeTimes(t *testing.T) {
	s := openForGroups(t, Config{})
	if _, err := s.Append(t.Context(), draftTo("1", eventstore.Any, "a")); err != nil {
		t.Fatal(err)
	}
	past, future := time.Date(-400_000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(400_000, 1, 1, 0, 0, 0, 0, time.UTC)
	for want, queries := range map[int][]eventstore.ReadQuery{
		1: {{Since: past}, {Until: future}, {Since: past, Until: future}},
		0: {{Since: future}, {Until: past}},
	} {
		for _, q := range queries {
			recs, err := eventstore.Collect(s.Read(t.Context(), event.StreamID{Category: "test", ID: "1"}, q))
			if err != nil || len(recs) != want {
				t.Errorf("%+v: %d records, %v", q, len(recs), err)
			}
		}
	}
}
