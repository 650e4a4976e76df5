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

// types returns those of a stream's events.
func types(t testing.TB, s eventstore.Streams, stream event.StreamID) string {
	t.Helper()
	names := []string{}
	for rec, err := range s.Read(context.WithoutCancel(t.Context()), stream, eventstore.ReadQuery{}) {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, rec.Type)
	}
	return fmt.Sprint(names)
}

// The server commits, and its answer is lost: whoever appends hears the truth all the same.
func TestLostRepliesAreResolved(t *testing.T) {
	proxy := postgrestest.NewProxy(t, postgrestest.Database(t))
	s := open(t, proxy.URL, postgres.Config{ListenURL: "-"})
	mustAppend(t, s, to(two, eventstore.NoStream, "x"))
	for name, appends := range map[string][]eventstore.Append{
		"one":          {to(stream("a"), eventstore.NoStream, "a")},
		"many":         {to(stream("b"), eventstore.NoStream, "a", "b", "c")},
		"any":          {to(stream("c"), eventstore.Any, "a")},
		"exactly":      {to(two, eventstore.Exactly(1), "y")},
		"several":      {to(stream("d"), eventstore.NoStream, "a"), to(stream("e"), eventstore.Any, "b")},
		"with closing": {{Stream: stream("f"), Events: to(one, eventstore.Any, "a").Events, Close: true}},
	} {
		for lost := range int64(3) {
			if lost > 0 { // the same once more, as new events
				for i := range appends {
					appends[i].Stream.ID += fmt.Sprint("-", lost)
					appends[i].Expect = eventstore.Any
					for k := range appends[i].Events {
						appends[i].Events[k].ID = event.NewID()
					}
				}
			}
			proxy.LoseReplies(lost + 1)
			results, err := s.Append(t.Context(), appends...)
			proxy.LoseReplies(0)
			if err != nil {
				t.Errorf("%s, %d replies lost: %v", name, lost+1, err)
				continue
			}
			for i, res := range results {
				recs, err := eventstore.Collect(s.Read(t.Context(), appends[i].Stream, eventstore.ReadQuery{}))
				if err != nil || res.Replayed || len(recs) != int(res.Version) || recs[len(recs)-1].Position != res.Position {
					t.Errorf("%s, %d replies lost: result %+v, stored are %d, %v", name, lost+1, res, len(recs), err)
				}
			}
		}
	}
}

func TestOutcomeThatStaysUnknownNamesTheEvents(t *testing.T) {
	proxy := postgrestest.NewProxy(t, postgrestest.Database(t))
	s := open(t, proxy.URL, postgres.Config{ListenURL: "-", ResolveTimeout: 100 * time.Millisecond})
	a := to(one, eventstore.NoStream, "a", "b")
	proxy.LoseReplies(1 << 30)
	_, err := s.Append(t.Context(), a)
	proxy.LoseReplies(0)
	unknown, ok := errors.AsType[*postgres.OutcomeUnknownError](err)
	if !ok || !errors.Is(err, postgres.ErrOutcomeUnknown) || len(unknown.IDs) != 2 || unknown.IDs[0] != a.Events[0].ID || !strings.Contains(err.Error(), a.Events[1].ID.String()) {
		t.Fatalf("append: %v", err)
	}
	if res := mustAppend(t, s, a)[0]; res.Version != 2 || types(t, s, one) != "[a b]" {
		t.Errorf("sent again: %+v, stored %s", res, types(t, s, one))
	}
}

func TestCommitWhoseReplyIsLost(t *testing.T) {
	proxy := postgrestest.NewProxy(t, postgrestest.Database(t))
	s := open(t, proxy.URL, postgres.Config{ListenURL: "-", ResolveTimeout: 5 * time.Second})
	lose := func(appends bool) error {
		err := s.InTx(t.Context(), func(ctx context.Context, tx bun.Tx, streams eventstore.Streams) error {
			if appends {
				mustAppend(t, streams, to(one, eventstore.Any, "a"))
			}
			proxy.LoseReplies(1)
			return nil
		})
		proxy.LoseReplies(0)
		return err
	}
	if err := lose(true); err != nil || types(t, s, one) != "[a]" {
		t.Errorf("its events tell: %v, stored %s", err, types(t, s, one))
	}
	if err := lose(false); !errors.Is(err, postgres.ErrOutcomeUnknown) {
		t.Errorf("nothing tells: %v", err)
	}
}

func TestAppendThatWaitsTooLongStoresNothing(t *testing.T) {
	at := postgrestest.Database(t)
	patient := open(t, at, postgres.Config{})
	s := open(t, at+"&statement_timeout=700", postgres.Config{})
	mustAppend(t, s, to(one, eventstore.NoStream, "a"))
	holding := begin(t, patient)
	mustAppend(t, s.WithTx(holding), to(one, eventstore.Any, "b"))
	for _, appends := range [][]eventstore.Append{{to(one, eventstore.Any, "c")}, {to(two, eventstore.Any, "c"), to(one, eventstore.Any, "c")}} {
		if _, err := s.Append(t.Context(), appends...); !errors.Is(err, postgres.ErrTimeout) {
			t.Errorf("the server's timeout: %v", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		if _, err := patient.Append(ctx, appends...); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, postgres.ErrOutcomeUnknown) {
			t.Errorf("the caller's deadline: %v", err)
		}
		cancel()
	}
	end(t, holding.Rollback)
	if types(t, s, one) != "[a]" || types(t, s, two) != "[]" {
		t.Errorf("stored %s and %s", types(t, s, one), types(t, s, two))
	}
	mustAppend(t, s, to(one, eventstore.Exactly(1), "d"))
}

func TestDatabasesThatCantBeUsed(t *testing.T) {
	at := postgrestest.Database(t)
	admin := postgrestest.Connect(t, at)
	const secret = "s3cret"
	user := func(name string) string { return strings.Replace(at, "postgres@", name+":"+secret+"@", 1) }
	for _, text := range []string{"CREATE ROLE es_nobody LOGIN", "REVOKE ALL ON SCHEMA public FROM PUBLIC"} {
		if _, err := admin.Exec(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	defer func() {
		if _, err := admin.Exec(t.Context(), "DROP ROLE es_nobody"); err != nil {
			t.Error(err)
		}
	}()
	for name, c := range map[string]struct {
		url  string
		want error
	}{
		"malformed":       {"postgres://u:" + secret + "@:bad:port/x", postgres.ErrInvalidConfig},
		"unreachable":     {"postgres://u:" + secret + "@127.0.0.1:1/x?sslmode=disable", postgres.ErrUnreachable},
		"unknown user":    {user("es_unknown"), postgres.ErrDenied},
		"other database":  {strings.Replace(at, "/es_test", "/es_absent", 1), postgres.ErrUnreachable},
		"without a right": {user("es_nobody"), postgres.ErrDenied},
	} {
		s, err := postgres.Open(t.Context(), c.url, postgres.Config{ListenURL: "-"})
		if err == nil {
			err = s.Migrate(t.Context())
			if closed := s.Close(); closed != nil {
				t.Error(closed)
			}
		}
		if !errors.Is(err, c.want) || err != nil && (strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "es_")) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestReadOnlyServer(t *testing.T) {
	at := postgrestest.Database(t)
	open(t, at, postgres.Config{})
	s, err := postgres.Open(t.Context(), at+"&default_transaction_read_only=on", postgres.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Append(t.Context(), to(one, eventstore.Any, "a")); !errors.Is(err, postgres.ErrReadOnly) {
		t.Errorf("append: %v", err)
	}
	requirePage(t, s, 0, false)
}

func TestInvalidConfig(t *testing.T) {
	for _, cfg := range []postgres.Config{
		{Schema: `a"; DROP TABLE x; --`}, {Schema: "A"}, {Schema: "pg_own"}, {Schema: "information_schema"}, {Schema: strings.Repeat("a", 32)},
		{Prefix: "a-b"}, {Prefix: "1"}, {ResolveTimeout: -1}, {ListenURL: "postgres://:bad:"},
	} {
		if s, err := postgres.Open(t.Context(), database, cfg); !errors.Is(err, postgres.ErrInvalidConfig) {
			t.Errorf("%+v: %v, %v", cfg, s, err)
		}
	}
}

// Poolers in transaction mode can't keep prepared statements.
func TestModesOfTheProtocol(t *testing.T) {
	for _, mode := range []string{"exec", "simple_protocol", "cache_describe", "describe_exec"} {
		t.Run(mode, func(t *testing.T) {
			s := open(t, postgrestest.Database(t)+"&default_query_exec_mode="+mode, postgres.Config{})
			a := to(one, eventstore.NoStream, "a", "b")
			a.Events[0].Data = []byte(`{"quoted": "it's \\ \"so\""}`)
			mustAppend(t, s, a)
			mustAppend(t, s, to(one, eventstore.Exactly(2), "a"), to(two, eventstore.Any, "a"))
			if res := mustAppend(t, s, a)[0]; !res.Replayed {
				t.Errorf("sent again: %+v", res)
			}
			recs, err := eventstore.Collect(s.Read(t.Context(), one, eventstore.ReadQuery{}))
			if err != nil || len(recs) != 3 || string(recs[0].Data) != string(a.Events[0].Data) {
				t.Errorf("%d records, %v", len(recs), err)
			}
			page, err := s.Page(t.Context(), eventstore.FeedQuery{Types: []string{"a"}, Categories: []string{"test"}})
			if err != nil || len(page.Records) != 3 {
				t.Errorf("%d records of the feed, %v", len(page.Records), err)
			}
		})
	}
}
