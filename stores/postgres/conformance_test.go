package postgres_test

import (
	"net/url"
	"strconv"
	"sync"
	"testing"

	"github.com/eventsource-go/eventsource/core/checkpoint"
	"github.com/eventsource-go/eventsource/core/checkpoint/checkpointtest"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/eventstore/eventstoretest"
	"github.com/eventsource-go/eventsource/stores/bunstore/bunstoretest"
	"github.com/eventsource-go/eventsource/stores/postgres"
	"github.com/eventsource-go/eventsource/stores/postgres/postgrestest"
)

func TestConformance(t *testing.T) {
	var f databases
	eventstoretest.Run(t, f.opener, f.features())
}

func TestCheckpoints(t *testing.T) {
	var f databases
	var stores sync.Map // of the checkpoints
	checkpoints := func(s *postgres.Store) checkpoint.Store {
		c := s.Checkpoints()
		stores.Store(c, s)
		return c
	}
	of := func(c checkpoint.Store) *postgres.Store {
		s, _ := stores.Load(c)
		return s.(*postgres.Store)
	}
	checkpointtest.Run(t, func(tb testing.TB) checkpoint.Store {
		tb.Helper()
		return checkpoints(f.open(tb, postgres.Config{}))
	}, checkpointtest.Features{
		Second: func(tb testing.TB, c checkpoint.Store) checkpoint.Store {
			tb.Helper()
			return checkpoints(f.again(tb, of(c)))
		},
		Reopen: func(tb testing.TB, c checkpoint.Store) checkpoint.Store {
			tb.Helper()
			return checkpoints(f.reopen(tb, of(c)))
		},
	})
}

func TestBunstore(t *testing.T) {
	var f databases
	bunstoretest.Run(t, func(tb testing.TB) bunstoretest.Store {
		tb.Helper()
		return f.open(tb, postgres.Config{})
	})
}

// databases remembers of what database, and how, each store is.
type databases struct{ opened sync.Map }

type opened struct {
	url string
	cfg postgres.Config
}

// opener returns a store with a table beside those of the events.
func (f *databases) opener(tb testing.TB, opts eventstoretest.Options) eventstore.Store {
	tb.Helper()
	o := opened{withConnections(tb, postgrestest.Database(tb), 16), postgres.Config{Policy: opts.Policy, Now: opts.Now}}
	s := f.openAt(tb, o)
	exec(tb, s.DB(), "CREATE TABLE elsewhere (n int)")
	return s
}

// withConnections returns a URL by which a pool has room for n: each open transaction has one.
func withConnections(tb testing.TB, to string, n int) string {
	tb.Helper()
	u, err := url.Parse(to)
	if err != nil {
		tb.Fatal(err)
	}
	q := u.Query()
	q.Set("pool_max_conns", strconv.Itoa(n))
	u.RawQuery = q.Encode()
	return u.String()
}

// features are those of a store from opener.
func (f *databases) features() eventstoretest.Features {
	return eventstoretest.Features{
		Notify: true, Close: true, Interleaved: true, Begin: beginOwn,
		Second: func(tb testing.TB, s eventstore.Store) eventstore.Store {
			tb.Helper()
			return f.again(tb, s.(*postgres.Store))
		},
		Reopen: func(tb testing.TB, s eventstore.Store) eventstore.Store {
			tb.Helper()
			return f.reopen(tb, s.(*postgres.Store))
		},
	}
}

// open returns a store on a database of its own.
func (f *databases) open(tb testing.TB, cfg postgres.Config) *postgres.Store {
	tb.Helper()
	return f.openAt(tb, opened{postgrestest.Database(tb), cfg})
}

func (f *databases) openAt(tb testing.TB, o opened) *postgres.Store {
	tb.Helper()
	s := open(tb, o.url, o.cfg)
	f.opened.Store(s, o)
	return s
}

// again returns another store on the database of s.
func (f *databases) again(tb testing.TB, s *postgres.Store) *postgres.Store {
	tb.Helper()
	o, _ := f.opened.Load(s)
	again := openMigrated(tb, o.(opened).url, o.(opened).cfg)
	f.opened.Store(again, o)
	return again
}

// reopen closes s, and returns a store on its database.
func (f *databases) reopen(tb testing.TB, s *postgres.Store) *postgres.Store {
	tb.Helper()
	if err := s.Close(); err != nil {
		tb.Fatal(err)
	}
	return f.again(tb, s)
}

// openMigrated is open where the schema is there: it asks for no lock.
func openMigrated(tb testing.TB, url string, cfg postgres.Config) *postgres.Store {
	tb.Helper()
	s, err := postgres.Open(tb.Context(), url, cfg)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}
