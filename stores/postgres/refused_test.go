package postgres_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/stores/postgres"
	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

func requireRefused(t testing.TB, s *postgres.Store, reason string) {
	t.Helper()
	_, pageErr := s.Page(t.Context(), eventstore.FeedQuery{})
	_, headErr := s.Head(t.Context())
	for what, err := range map[string]error{"page": pageErr, "head": headErr} {
		refused, ok := errors.AsType[*postgres.FeedRefusedError](err)
		if !ok || !errors.Is(err, postgres.ErrFeedRefused) || !strings.Contains(refused.Reason, reason) {
			t.Errorf("%s: %v, want %s", what, err, reason)
		}
	}
}

// Sessions draw positions beforehand, and use them when nobody knows of them any more.
func TestSequenceThatSkipsIsRefused(t *testing.T) {
	for reason, alter := range map[string]string{
		"cache":     "ALTER SEQUENCE es_events_position_seq CACHE 50",
		"increment": "ALTER SEQUENCE es_events_position_seq INCREMENT 2",
		"cycle":     "ALTER SEQUENCE es_events_position_seq CYCLE",
	} {
		at := postgrestest.Database(t)
		s := open(t, at, postgres.Config{})
		requirePage(t, s, 0, false)
		exec(t, s.DB(), alter)
		requireRefused(t, open(t, at, postgres.Config{}), reason)
		gap := begin(t, s)
		mustAppend(t, s.WithTx(gap), to(one, eventstore.Any, "a"))
		mustAppend(t, s, to(two, eventstore.Any, "a"))
		requireRefused(t, s, reason)
	}
}

func remove(t testing.TB, server *postgrestest.Server) {
	t.Helper()
	if err := server.Remove(); err != nil {
		t.Error(err)
	}
}

func openUntil(t *testing.T, url string) *postgres.Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), url, postgres.Config{ListenURL: "-"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStandbyIsRefused(t *testing.T) {
	server, err := postgrestest.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer remove(t, server)
	s := openUntil(t, server.URL)
	defer s.Close()
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	mustAppend(t, s, to(one, eventstore.NoStream, "a"))
	standby, err := server.Standby(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer remove(t, standby)
	copied := openUntil(t, standby.URL)
	defer copied.Close()
	requireRefused(t, copied, "standby")
	if got := types(t, copied, one); got != "[a]" {
		t.Errorf("streams are read all the same: %s", got)
	}
	if _, err := copied.Append(t.Context(), to(one, eventstore.Any, "b")); !errors.Is(err, postgres.ErrReadOnly) {
		t.Errorf("append: %v", err)
	}
}

func TestSubscriberOfLogicalReplicationIsRefused(t *testing.T) {
	server, err := postgrestest.Start(t.Context(), "wal_level=logical")
	if err != nil {
		t.Fatal(err)
	}
	defer remove(t, server)
	admin := postgrestest.Connect(t, server.URL)
	if _, err := admin.Exec(t.Context(), "CREATE DATABASE subscriber"); err != nil {
		t.Fatal(err)
	}
	publisher, subscriber := openUntil(t, server.URL), openUntil(t, strings.Replace(server.URL, "/postgres?", "/subscriber?", 1))
	defer publisher.Close()
	defer subscriber.Close()
	if err := errors.Join(publisher.Migrate(t.Context()), subscriber.Migrate(t.Context())); err != nil {
		t.Fatal(err)
	}
	exec(t, publisher.DB(), "CREATE PUBLICATION es FOR TABLE es_events")
	exec(t, publisher.DB(), "SELECT pg_create_logical_replication_slot('es', 'pgoutput')")
	exec(t, subscriber.DB(), "CREATE SUBSCRIPTION es CONNECTION '"+server.URL+"' PUBLICATION es WITH (create_slot = false, enabled = false, copy_data = false)")
	requireRefused(t, subscriber, "logical replication")
	requirePage(t, publisher, 0, false)
}
