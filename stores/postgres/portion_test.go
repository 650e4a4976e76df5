package postgres_test

import (
	"strings"
	"testing"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/stores/postgres"
	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

// The server sends all that a page asks for, also what the page has no room for.
func TestPagesOfLargeEventsAskForFew(t *testing.T) {
	proxy := postgrestest.NewProxy(t, postgrestest.Database(t))
	s := open(t, proxy.URL, postgres.Config{ListenURL: "-"})
	const each, events = 8, 40
	for i := range events {
		a := to(one, eventstore.Exactly(n64(i)), "large")
		a.Events[0].Data = []byte(`"` + strings.Repeat("x", eventstore.MaxPageBytes/each) + `"`)
		mustAppend(t, s, a)
	}
	for name, q := range map[string]eventstore.FeedQuery{"tail": {}, "filtered": {Types: []string{"large"}}} {
		n, most := 0, int64(0)
		for atHead := false; !atHead; {
			before := proxy.Received()
			page, err := s.Page(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			for _, rec := range page.Records {
				if n++; rec.Version != event.Version(n) {
					t.Fatalf("%s: version %d after %d", name, rec.Version, n-1)
				}
			}
			if n > each { // the first can't know
				most = max(most, proxy.Received()-before)
			}
			q.After, atHead = page.Next, page.AtHead
		}
		if n != events || most > 2*eventstore.MaxPageBytes {
			t.Errorf("%s: %d events, and up to %d bytes for a page", name, n, most)
		}
	}
}
