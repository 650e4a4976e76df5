package postgres_test

import (
	"strings"
	"testing"

	"github.com/eventsource-go/eventsource/stores/postgres"
	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

func TestSettings(t *testing.T) {
	at := postgrestest.Database(t)
	for option, want := range map[string]string{"": "a killed server process and a power failure", "&synchronous_commit=off": "a killed client; "} {
		s := open(t, at+option, postgres.Config{})
		got, err := s.Settings(t.Context())
		if err != nil || !got.Fsync || !got.FullPageWrites || got.Standby || got.Isolation != "read committed" || got.Version == "" || !strings.HasPrefix(got.Durability, want) {
			t.Errorf("%q: %+v, %v", option, got, err)
		}
	}
	server, err := postgrestest.Start(t.Context(), "fsync=off")
	if err != nil {
		t.Fatal(err)
	}
	defer remove(t, server)
	s := openUntil(t, server.URL)
	defer s.Close()
	if got, err := s.Settings(t.Context()); err != nil || got.Fsync || !strings.Contains(got.Durability, "may be damaged") {
		t.Errorf("without fsync: %+v, %v", got, err)
	}
}
