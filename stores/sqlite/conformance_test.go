package sqlite_test

import (
	"path/filepath"
	"sync"
	"testing"

	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/eventstore/eventstoretest"
	"github.com/eventsource-go/eventsource/stores/sqlite"
)

func TestConformanceFile(t *testing.T) {
	var paths sync.Map // of the stores: path and configuration
	opener := func(tb testing.TB, path string, opts eventstoretest.Options) eventstore.Store {
		tb.Helper()
		s := open(tb, path, sqlite.Config{Policy: opts.Policy, Now: opts.Now})
		paths.Store(s, opened{path, opts})
		return s
	}
	again := func(tb testing.TB, s eventstore.Store) eventstore.Store {
		tb.Helper()
		was, _ := paths.Load(s)
		return opener(tb, was.(opened).path, was.(opened).opts)
	}
	eventstoretest.Run(t, func(tb testing.TB, opts eventstoretest.Options) eventstore.Store {
		tb.Helper()
		return opener(tb, filepath.Join(tb.TempDir(), "events.db"), opts)
	}, eventstoretest.Features{
		Notify: true, Close: true, Second: again,
		Reopen: func(tb testing.TB, s eventstore.Store) eventstore.Store {
			tb.Helper()
			if err := s.(*sqlite.Store).Close(); err != nil {
				tb.Fatal(err)
			}
			return again(tb, s)
		},
	})
}

type opened struct {
	path string
	opts eventstoretest.Options
}

func TestConformanceMemory(t *testing.T) {
	eventstoretest.Run(t, func(tb testing.TB, opts eventstoretest.Options) eventstore.Store {
		tb.Helper()
		return open(tb, ":memory:", sqlite.Config{Policy: opts.Policy, Now: opts.Now})
	}, eventstoretest.Features{Notify: true, Close: true})
}
