package bench_test

import (
	"context"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/eventsource-go/eventsource/bench"
	"github.com/eventsource-go/eventsource/bench/domain"
	"github.com/eventsource-go/eventsource/bench/server"
	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/core/memstore"
	"github.com/eventsource-go/eventsource/stores/postgres"
	"github.com/eventsource-go/eventsource/stores/sqlite"
)

// Reading any number of events takes bounded memory: 64 MiB at most for a million of them in
// one stream, garbage included, beside what a memory store holds anyway.
func TestMemoryOfReads(t *testing.T) {
	for name, open := range map[string]func(*testing.T) eventstore.Store{
		"memory":   func(*testing.T) eventstore.Store { return memstore.New() },
		"sqlite":   openFile,
		"postgres": openSchema,
	} {
		t.Run(name, func(t *testing.T) {
			store, n := open(t), memoryEvents
			if name == "postgres" {
				n /= 5 // each commit waits for the disk; kept all at once they would be twice what is allowed
			}
			fill(t, store, n)
			t.Run("stream", func(t *testing.T) {
				h := startHeap(t)
				for rec, err := range store.Read(t.Context(), hotStream, eventstore.ReadQuery{}) {
					if err != nil {
						t.Fatal(err)
					}
					h.saw(rec)
				}
				h.end(t, n)
			})
			t.Run("feed", func(t *testing.T) {
				h, q := startHeap(t), eventstore.FeedQuery{}
				for {
					page, err := store.Page(t.Context(), q)
					if err != nil {
						t.Fatal(err)
					}
					for _, rec := range page.Records {
						h.saw(rec)
					}
					if q.After = page.Next; page.AtHead {
						break
					}
				}
				h.end(t, n)
			})
		})
	}
}

var hotStream = event.StreamID{Category: "account", ID: domain.ID(0).String()}

func openFile(t *testing.T) eventstore.Store {
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "memory.db"), sqlite.Config{Synchronous: sqlite.Normal})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return store
}

func openSchema(t *testing.T) eventstore.Store {
	var s server.Server
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	sc, err := s.Schema(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	store, err := postgres.Open(t.Context(), sc.Direct, postgres.Config{Schema: sc.Name})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return store
}

func fill(t *testing.T, store eventstore.Store, n int) {
	const batch = 5000
	for at := 0; at < n; at += batch {
		if _, err := store.Append(context.WithoutCancel(t.Context()), bench.Next(hotStream.ID, at, batch)); err != nil {
			t.Fatal(err)
		}
	}
}

// heap watches how far the heap grows during a read.
type heap struct {
	base, peak uint64
	records    int
	last       event.Version
	inOrder    bool
	collector  int
}

const (
	allowed     = 64 << 20
	eachRecords = 20_000 // how often the heap is looked at, and garbage collected
)

// startHeap collects garbage, and from then on lets nobody do so but h: when Go itself would is
// a matter of what else the machine does.
func startHeap(t *testing.T) *heap {
	t.Helper()
	runtime.GC()
	h := &heap{inOrder: true}
	h.base = objects()
	h.collector = debug.SetGCPercent(-1)
	return h
}

func (h *heap) saw(rec event.Record) {
	h.inOrder = h.inOrder && rec.Version == h.last+1 && len(rec.Data) == domain.PayloadBytes
	h.last = rec.Version
	if h.records++; h.records%eachRecords == 0 {
		h.peak = max(h.peak, objects())
		runtime.GC()
	}
}

func (h *heap) end(t *testing.T, n int) {
	t.Helper()
	debug.SetGCPercent(h.collector)
	if !h.inOrder || h.records != n {
		t.Fatalf("read %d of %d events, in order: %t", h.records, n, h.inOrder)
	}
	grown := int64(h.peak) - int64(h.base)
	t.Logf("the heap grew by %.1f MiB over %.1f MiB", float64(grown)/(1<<20), float64(h.base)/(1<<20))
	if grown > allowed {
		t.Errorf("the heap grew by %d MiB, at most %d are allowed", grown>>20, allowed>>20)
	}
}

// objects returns the bytes of live objects and of garbage not yet collected.
func objects() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
