package sqlite

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/core/eventstore"
)

func TestCloseDrains(t *testing.T) {
	s := openForGroups(t, Config{})
	inside, proceed, closed := make(chan struct{}), make(chan struct{}), make(chan error)
	done := make(chan error)
	go func() {
		done <- s.InTx(context.Background(), func(ctx context.Context, _ bun.Tx, streams eventstore.Streams) error {
			close(inside)
			<-proceed
			if _, err := s.Head(ctx); err != nil { // what is under way may go on reading
				t.Error(err)
			}
			_, err := streams.Append(ctx, draftTo("1", eventstore.Any, "a"))
			return err
		})
	}()
	<-inside
	go func() { closed <- s.Close() }()
	for s.life.Enter(false) == nil {
		s.life.Leave()
		runtime.Gosched()
	}
	if _, err := s.Append(t.Context(), draftTo("2", eventstore.Any, "a")); !errors.Is(err, eventstore.ErrStoreClosed) {
		t.Errorf("append while closing: %v", err)
	}
	select {
	case <-closed:
		t.Fatal("did not wait")
	default:
	}
	close(proceed)
	if err := errors.Join(<-done, <-closed, s.Close()); err != nil {
		t.Error(err)
	}
	again, err := Open(t.Context(), s.path, Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if got := typesOf(t, again, "1"); got != "[a]" {
		t.Errorf("kept %s", got)
	}
	if _, err := os.Stat(s.path + "-wal"); err == nil {
		if info, _ := os.Stat(s.path + "-wal"); info.Size() > 0 {
			t.Error("the WAL was left behind")
		}
	}
}

func TestStoreThatWasNotClosedIsNamed(t *testing.T) {
	var log syncBuffer
	path := filepath.Join(t.TempDir(), "forgotten.db")
	forget := func() (*readers, *writer) {
		s, err := Open(t.Context(), path, Config{Log: slog.New(slog.NewTextHandler(&log, nil))})
		if err != nil {
			t.Fatal(err)
		}
		return s.readers, s.writer
	}
	readers, writer := forget()
	defer func() { _, _ = readers.close(), writer.close() }()
	for deadline := time.Now().Add(10 * time.Second); !strings.Contains(log.String(), "forgotten.db"); {
		if time.Now().After(deadline) {
			t.Fatal("nobody noticed")
		}
		runtime.GC()
		time.Sleep(time.Millisecond)
	}
}

type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func TestMemoryLeavesNothing(t *testing.T) {
	s, err := Open(t.Context(), memory, Config{})
	if err != nil {
		t.Fatal(err)
	}
	folder := s.tempDir
	if err := errors.Join(s.Migrate(t.Context()), s.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(folder); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is left: %v", folder, err)
	}
}

func TestAppendOfAnotherProcessIsTold(t *testing.T) {
	s := openForGroups(t, Config{WatchInterval: time.Millisecond})
	other, err := Open(t.Context(), s.path, Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	for range 20 {
		appended := s.Appended()
		if _, err := other.Append(t.Context(), draftTo("1", eventstore.Any, "a")); err != nil {
			t.Fatal(err)
		}
		select {
		case <-appended:
		case <-time.After(10 * time.Second):
			t.Fatal("nobody was told")
		}
	}
}

func TestSettings(t *testing.T) {
	for cfg, want := range map[Synchronous]string{Full: "a killed process and a power failure", Normal: "a killed process; the last commits may be lost when the power fails"} {
		s := openForGroups(t, Config{Synchronous: cfg})
		got, err := s.Settings(t.Context())
		if err != nil || got.Synchronous != cfg.String() || got.JournalMode != "wal" || got.Durability != want || !strings.HasPrefix(got.Version, "3.") {
			t.Errorf("%v: %+v, %v", cfg, got, err)
		}
	}
	s, err := Open(t.Context(), memory, Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got, err := s.Settings(t.Context()); err != nil || !strings.HasPrefix(got.Durability, "nothing") {
		t.Errorf("memory: %+v, %v", got, err)
	}
}

func TestInvalidConfig(t *testing.T) {
	for _, cfg := range []Config{{BusyTimeout: -1}, {Readers: -1}, {GroupLimit: -1}, {WatchInterval: -2}, {Synchronous: 7}, {Policy: eventstore.Policy{MaxEventBytes: -1}}} {
		if _, err := Open(t.Context(), memory, cfg); !errors.Is(err, ErrInvalidConfig) {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
}

// Whoever holds every connection of DB can still use the store.
func TestCallersConnectionsAreNotTheStores(t *testing.T) {
	s := openForGroups(t, Config{Readers: 1})
	if _, err := s.Append(t.Context(), draftTo("1", eventstore.Any, "a")); err != nil {
		t.Fatal(err)
	}
	rows, err := s.DB().DB.QueryContext(t.Context(), "SELECT type FROM es_events")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		if _, err := s.Append(t.Context(), draftTo("1", eventstore.Any, "b")); err != nil {
			t.Error(err)
		}
		if got := typesOf(t, s, "1"); got != "[a b]" {
			t.Errorf("read %s", got)
		}
	}
	if err := rows.Err(); err != nil {
		t.Error(err)
	}
}
