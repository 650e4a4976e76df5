package sqlite_test

import (
	"path/filepath"
	"sync"
	"testing"

	"github.com/eventsource-go/eventsource/core/checkpoint"
	"github.com/eventsource-go/eventsource/core/checkpoint/checkpointtest"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/eventstore/eventstoretest"
	"github.com/eventsource-go/eventsource/stores/bunstore/bunstoretest"
	"github.com/eventsource-go/eventsource/stores/sqlite"
)

func TestConformanceFile(t *testing.T) {
	var f files
	eventstoretest.Run(t, func(tb testing.TB, opts eventstoretest.Options) eventstore.Store {
		tb.Helper()
		return withTable(tb, f.open(tb, sqlite.Config{Policy: opts.Policy, Now: opts.Now}))
	}, eventstoretest.Features{
		Notify: true, Close: true,
		Begin: func(tb testing.TB, s eventstore.Store) eventstoretest.Tx {
			tb.Helper()
			return f.begin(tb, s.(*sqlite.Store))
		},
		Second: func(tb testing.TB, s eventstore.Store) eventstore.Store {
			tb.Helper()
			return f.again(tb, s.(*sqlite.Store))
		},
		Reopen: func(tb testing.TB, s eventstore.Store) eventstore.Store {
			tb.Helper()
			return f.reopen(tb, s.(*sqlite.Store))
		},
	})
}

func TestConformanceMemory(t *testing.T) {
	eventstoretest.Run(t, func(tb testing.TB, opts eventstoretest.Options) eventstore.Store {
		tb.Helper()
		return withTable(tb, open(tb, ":memory:", sqlite.Config{Policy: opts.Policy, Now: opts.Now}))
	}, eventstoretest.Features{Notify: true, Close: true, Begin: beginInTx})
}

func TestCheckpoints(t *testing.T) {
	var f files
	var stores sync.Map // of the checkpoints
	checkpoints := func(s *sqlite.Store) checkpoint.Store {
		c := s.Checkpoints()
		stores.Store(c, s)
		return c
	}
	of := func(c checkpoint.Store) *sqlite.Store {
		s, _ := stores.Load(c)
		return s.(*sqlite.Store)
	}
	checkpointtest.Run(t, func(tb testing.TB) checkpoint.Store {
		tb.Helper()
		return checkpoints(f.open(tb, sqlite.Config{}))
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
	var f files
	bunstoretest.Run(t, func(tb testing.TB) bunstoretest.Store {
		tb.Helper()
		return f.open(tb, sqlite.Config{})
	})
}

// files remembers of what file, and how, each store is.
type files struct{ opened sync.Map }

type opened struct {
	path string
	cfg  sqlite.Config
}

// open returns a store on a file of its own.
func (f *files) open(tb testing.TB, cfg sqlite.Config) *sqlite.Store {
	tb.Helper()
	return f.openAt(tb, opened{filepath.Join(tb.TempDir(), "events.db"), cfg})
}

func (f *files) openAt(tb testing.TB, o opened) *sqlite.Store {
	tb.Helper()
	s := open(tb, o.path, o.cfg)
	f.opened.Store(s, o)
	return s
}

// again returns another store on the file of s.
func (f *files) again(tb testing.TB, s *sqlite.Store) *sqlite.Store {
	tb.Helper()
	o, _ := f.opened.Load(s)
	again := openMigrated(tb, o.(opened).path, o.(opened).cfg)
	f.opened.Store(again, o)
	return again
}

// reopen closes s, and returns a store on its file.
func (f *files) reopen(tb testing.TB, s *sqlite.Store) *sqlite.Store {
	tb.Helper()
	if err := s.Close(); err != nil {
		tb.Fatal(err)
	}
	return f.again(tb, s)
}

// openMigrated is open where the schema is there: it asks for no lock.
func openMigrated(tb testing.TB, path string, cfg sqlite.Config) *sqlite.Store {
	tb.Helper()
	s, err := sqlite.Open(tb.Context(), path, cfg)
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
