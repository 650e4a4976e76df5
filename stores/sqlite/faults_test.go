package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
)

// secret is in a payload, and must be in no error.
const secret = "s3cret"

func secretAppend(id string) eventstore.Append {
	a := draftTo(id, eventstore.Any, "a")
	a.Events[0].Data = []byte(`{"pin":"` + secret + `"}`)
	return a
}

// wantError checks an error of the store against what it should match.
func wantError(t *testing.T, err, want error) {
	t.Helper()
	e, ok := errors.AsType[*Error](err)
	if !ok || !errors.Is(err, want) {
		t.Errorf("%v is not %v", err, want)
		return
	}
	if e.Op == "" || e.Path == "" || !strings.Contains(err.Error(), want.Error()) || strings.Contains(err.Error(), secret) {
		t.Errorf("text: %v", err)
	}
}

// lock takes the write lock of the database as another process would, until the test ends or
// the function that it returns is called.
func lock(t *testing.T, s *Store) (unlock func()) {
	t.Helper()
	db, err := sql.Open("sqlite", dsn(s.path))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return func() { _ = tx.Rollback() }
}

func TestOtherProcessHoldsTheLock(t *testing.T) {
	s := openForGroups(t, Config{BusyTimeout: 30 * time.Millisecond})
	unlock := lock(t, s)
	_, err := s.Append(t.Context(), secretAppend("1"))
	wantError(t, err, eventstore.ErrBusy)
	wantError(t, s.InTx(t.Context(), func(context.Context, bun.Tx, eventstore.Streams) error { return nil }), eventstore.ErrBusy)
	wantError(t, s.Migrate(t.Context()), eventstore.ErrBusy)
	if _, err := s.Head(t.Context()); err != nil {
		t.Errorf("a reader is in nobody's way: %v", err)
	}
	unlock()
	if _, err := s.Append(t.Context(), secretAppend("1")); err != nil || typesOf(t, s, "1") != "[a]" {
		t.Errorf("afterwards: %v, stored %s", err, typesOf(t, s, "1"))
	}
}

func TestOtherProcessIsWaitedFor(t *testing.T) {
	s := openForGroups(t, Config{BusyTimeout: time.Minute})
	unlock := lock(t, s)
	done := make(chan error)
	go func() { _, err := s.Append(context.Background(), secretAppend("1")); done <- err }()
	select {
	case err := <-done:
		t.Errorf("did not wait: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	unlock()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestFullDisk(t *testing.T) {
	s := openForGroups(t, Config{})
	if _, err := s.writer.conn.ExecContext(t.Context(), "PRAGMA max_page_count = 40"); err != nil {
		t.Fatal(err)
	}
	n := 0
	for ; ; n++ {
		a := draftTo("1", eventstore.Exactly(event.Version(n)), "a")
		a.Events[0].Data = []byte(`"` + secret + strings.Repeat("x", 4000) + `"`)
		if _, err := s.Append(t.Context(), a); err != nil {
			wantError(t, err, ErrFull)
			break
		}
	}
	if got := len(strings.Fields(typesOf(t, s, "1"))); n == 0 || got != n {
		t.Errorf("%d of %d acknowledged events", got, n)
	}
	if _, err := s.writer.conn.ExecContext(t.Context(), "PRAGMA max_page_count = 4000"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Append(t.Context(), draftTo("1", eventstore.Exactly(event.Version(n)), "b")); err != nil {
		t.Errorf("with room again: %v", err)
	}
}

func TestReadOnly(t *testing.T) {
	s := openForGroups(t, Config{})
	if _, err := s.writer.conn.ExecContext(t.Context(), "PRAGMA query_only = 1"); err != nil {
		t.Fatal(err)
	}
	_, err := s.Append(t.Context(), secretAppend("1"))
	wantError(t, err, ErrReadOnly)
	if got := typesOf(t, s, "1"); got != "[]" {
		t.Errorf("stored %s", got)
	}
}

func TestFilesThatAreNoDatabase(t *testing.T) {
	folder := t.TempDir()
	text := filepath.Join(folder, "text")
	if err := os.WriteFile(text, []byte(strings.Repeat("this is no database ", 400)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), "", Config{}); !errors.Is(err, ErrInvalidConfig) {
		t.Errorf("no path: %v", err)
	}
	for path, want := range map[string]error{text: ErrCorrupt, folder: ErrCantOpen, filepath.Join(folder, "none", "a.db"): ErrCantOpen} {
		_, err := Open(t.Context(), path, Config{})
		wantError(t, err, want)
	}
	if left, _ := os.ReadFile(text); len(left) != 400*len("this is no database ") {
		t.Error("the file was changed")
	}
}

func TestDamagedFile(t *testing.T) {
	s := openForGroups(t, Config{})
	for range 200 {
		if _, err := s.Append(t.Context(), secretAppend("1")); err != nil {
			t.Fatal(err)
		}
	}
	path := s.path
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	info, _ := file.Stat()
	for page := int64(2); page*4096 < info.Size(); page++ { // the schema's pages are left whole
		if _, err := file.WriteAt(make([]byte, 2048), page*4096); err != nil {
			t.Fatal(err)
		}
	}
	file.Close()
	damaged, err := Open(t.Context(), path, Config{})
	if err != nil {
		wantError(t, err, ErrCorrupt)
		return
	}
	defer damaged.Close()
	_, err = eventstore.Collect(damaged.Read(t.Context(), event.StreamID{Category: "test", ID: "1"}, eventstore.ReadQuery{}))
	wantError(t, err, ErrCorrupt)
	_, err = damaged.Append(t.Context(), secretAppend("1"))
	wantError(t, err, ErrCorrupt)
}

// A stream whose row was changed behind the store's back is not guessed about.
func TestRowThatDisagreesWithItsEvents(t *testing.T) {
	s := openForGroups(t, Config{})
	for range 2 {
		if _, err := s.Append(t.Context(), secretAppend("1")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.writer.conn.ExecContext(t.Context(), "UPDATE es_streams SET version = 1"); err != nil {
		t.Fatal(err)
	}
	_, err := s.Append(t.Context(), secretAppend("1"))
	wantError(t, err, ErrCorrupt)
}

func TestPathsWithOddCharacters(t *testing.T) {
	for _, name := range []string{"a b?c=1#d%20e.db", "ünï'\"-[x].db", "//twice.db"} {
		path := t.TempDir() + "/" + name
		if name == "//twice.db" {
			path = "/" + path
		}
		s, err := Open(t.Context(), path, Config{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err := errors.Join(s.Migrate(t.Context()), s.Close()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
}
