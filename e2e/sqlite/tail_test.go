package sqlite_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/eventsource-go/eventsource/e2e/evidence"
	"github.com/eventsource-go/eventsource/e2e/supervisor"
	"github.com/eventsource-go/eventsource/stores/sqlite"
)

// crash is the files of a database as a killed process left them.
type crash struct {
	path    string
	db, wal []byte
}

// crashed kills a writer in the middle of its work, and takes its files. None of the log was
// moved into the database yet: what was moved had been synced before, so no failure tears it off.
func crashed(t *testing.T, seed uint64) crash {
	t.Helper()
	const onePage = 4096 // that the database is one of SQLite's, and has a log
	for process, acks := 1, 128; acks > 0; process, acks = process+1, acks/2 {
		path := filepath.Join(evidence.Dir(t), fmt.Sprintf("crashed-%d.db", process))
		p := supervisor.Start(t, appender(t, "write", path, endless(seed, process)))
		waitForLines(t, p, acks)
		p.Kill()
		db, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		wal, err := os.ReadFile(path + "-wal")
		if err != nil {
			t.Fatal(err)
		}
		if len(db) <= onePage && len(wal) > 0 {
			return crash{path: path, db: db, wal: wal}
		}
	}
	t.Fatal("the log was never caught before it was moved into the database")
	return crash{}
}

// open opens a copy of the files with this log.
func (c crash) open(t *testing.T, wal []byte) *sqlite.Store {
	t.Helper()
	dir, err := os.MkdirTemp(filepath.Dir(c.path), "copy-")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "events.db")
	if err := errors.Join(os.WriteFile(path, c.db, 0o600), os.WriteFile(path+"-wal", wal, 0o600)); err != nil {
		t.Fatal(err)
	}
	return open(t, path, sqlite.Config{})
}

// When the end of SQLite's own log is torn off or damaged, as by a power failure under a disk that
// lies, the database opens, is whole, and holds a beginning of what it held.
func TestTornTail(t *testing.T) {
	const cuts = 40
	seed := evidence.Seed(t)
	choice := evidence.Rand(seed, 0)
	c := crashed(t, seed)
	whole := readLog(t, c.open(t, c.wal))
	report := struct {
		Seed                       uint64
		Bytes, Events, Cuts, Flips int
		Kept                       []int
	}{Seed: seed, Bytes: len(c.wal), Events: len(whole.Feed), Cuts: cuts, Flips: cuts}
	check := func(what string, at int, wal []byte) {
		t.Helper()
		s := c.open(t, wal)
		if err := s.Migrate(t.Context()); err != nil { // the schema may have been in what is lost
			t.Errorf("%s at byte %d: %v", what, at, err)
			return
		}
		log := readLog(t, s)
		if err := log.IsPrefixOf(whole); err != nil {
			t.Errorf("%s at byte %d: %v", what, at, err)
		}
		if _, err := s.Append(t.Context(), oneEvent()); err != nil {
			t.Errorf("%s at byte %d: append: %v", what, at, err)
		}
		readLog(t, s)
		report.Kept = append(report.Kept, len(log.Feed))
	}
	for range cuts {
		at := choice.IntN(len(c.wal) + 1)
		check("cut", at, c.wal[:at])
		at = choice.IntN(len(c.wal))
		flipped := append([]byte(nil), c.wal...)
		flipped[at] ^= 1 << choice.IntN(8)
		check("bit flipped", at, flipped)
	}
	evidence.Report(t, "torn-tail", report)
}

// A database whose shared memory is gone, or another's, is the same database.
func TestForeignSharedMemory(t *testing.T) {
	c := crashed(t, evidence.Seed(t))
	whole := readLog(t, c.open(t, c.wal))
	path := c.path
	if err := os.Remove(path + "-shm"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+"-shm", make([]byte, 32<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	log := readLog(t, open(t, path, sqlite.Config{}))
	if err := log.IsPrefixOf(whole); err != nil || len(log.Feed) != len(whole.Feed) {
		t.Errorf("%d of %d events: %v", len(log.Feed), len(whole.Feed), err)
	}
}
