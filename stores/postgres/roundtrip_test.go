package postgres_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/stores/postgres"
	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

func TestRoundTrips(t *testing.T) {
	proxy := postgrestest.NewProxy(t, postgrestest.Database(t))
	s := open(t, proxy.URL+"&pool_max_conns=1", postgres.Config{ListenURL: "-"})
	names := func(n int) []string { return make([]string, n) }
	filled := func(a eventstore.Append) eventstore.Append {
		for i := range a.Events {
			a.Events[i].Type = "a"
		}
		return a
	}
	trips := func(what string, most int64, want error, appends ...eventstore.Append) {
		t.Helper()
		before := proxy.Trips()
		if _, err := s.Append(t.Context(), appends...); !errors.Is(err, want) {
			t.Errorf("%s: %v", what, err)
		}
		if n := proxy.Trips() - before; n > most || n == 0 {
			t.Errorf("%s: %d round trips", what, n)
		}
	}
	for round := range 2 {
		most := int64(1)
		if round == 0 { // statements are prepared, once for each connection
			most = 3
		}
		for _, n := range []int{1, 10, 1000} {
			id := func(what string) string { return fmt.Sprintf("%s-%d-%d", what, n, round) }
			trips("no stream", most, nil, filled(to(stream(id("x")), eventstore.NoStream, names(n)...)))
			trips("exactly", most, nil, filled(to(stream(id("x")), eventstore.Exactly(n64(n)), names(n)...)))
			trips("exists", most, nil, filled(to(stream(id("x")), eventstore.StreamExists, names(n)...)))
			trips("any", most, nil, filled(to(stream(id("x")), eventstore.Any, names(n)...)))
			trips("any, of none", most, nil, filled(to(stream(id("y")), eventstore.Any, names(n)...)))
			head, err := s.Head(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, expect := range []eventstore.Expectation{eventstore.NoStream, eventstore.Exactly(1 << 20)} {
				trips("conflict", most, eventstore.ErrConflict, filled(to(stream(id("x")), expect, names(n)...)))
			}
			trips("conflict", most, eventstore.ErrConflict, filled(to(stream(id("absent")), eventstore.StreamExists, names(n)...)))
			next := mustAppend(t, s, to(stream(id("z")), eventstore.NoStream, "a"))[0]
			if got, want := number(t, next.First), number(t, head)+1; got != want {
				t.Errorf("conflicts drew positions: the next is %d, want %d", got, want)
			}
			trips("several", 2, nil, filled(to(stream(id("p")), eventstore.NoStream, names(n)...)), filled(to(stream(id("q")), eventstore.Any, names(n)...)),
				filled(to(stream(id("x")), eventstore.StreamExists, names(n)...)))
			closing := func(stream event.StreamID) eventstore.Append {
				return eventstore.Append{Stream: stream, Expect: eventstore.Any, Close: true}
			}
			trips("several, two of which end", max(2, most), nil, filled(to(stream(id("o")), eventstore.NoStream, names(n)...)), closing(stream(id("p"))), closing(stream(id("q"))))
		}
	}
}
