package sqlite_test

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/eventsource-go/eventsource/core/event"
	"github.com/eventsource-go/eventsource/core/eventstore"
	"github.com/eventsource-go/eventsource/e2e/tape"
	"github.com/eventsource-go/eventsource/stores/sqlite"
)

func itoa(n int) string { return strconv.Itoa(n) }

// large is an append of three events that take some room.
func large(stream string, expect eventstore.Expectation) eventstore.Append {
	a := eventstore.Append{Stream: event.StreamID{Category: tape.Category, ID: stream}, Expect: expect}
	for range 3 {
		a.Events = append(a.Events, event.Draft{
			ID: uuid.New(), Type: "tape.event0", Schema: 1, Data: []byte(`{"pin":"s3cret` + strings.Repeat("x", 3000) + `"}`),
		})
	}
	return a
}

// wantDiskError checks that err says what is wrong with the disk, and nothing of what was meant
// for it.
func wantDiskError(t *testing.T, what string, err error, wants ...error) {
	t.Helper()
	typed, ok := errors.AsType[*sqlite.Error](err)
	if !ok || typed.Op == "" || typed.Path == "" || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("%s: %v", what, err)
		return
	}
	for _, want := range wants {
		if errors.Is(err, want) {
			t.Logf("%s: %v", what, err)
			return
		}
	}
	t.Errorf("%s: %v, want one of %v", what, err, wants)
}

// A disk that is full refuses what comes, whole; what was acknowledged is there, can be read, and
// when there is room again everything goes on, with the events that were refused.
func TestFullDisk(t *testing.T) {
	apart(t, func(t *testing.T, p place) {
		want := []error{sqlite.ErrFull}
		if !p.mounts {
			want = append(want, sqlite.ErrIO) // as the system calls a file that may not grow
		}
		dir, grow := p.smallDisk(1 << 20)
		path := filepath.Join(dir, "events.db")
		s := migrated(t, path, sqlite.Config{})
		const writers = 4
		var wg sync.WaitGroup
		stored := make([]int, writers)
		refused := make([]eventstore.Append, writers)
		for w := range writers {
			wg.Go(func() {
				for {
					a := large("writer-"+itoa(w), eventstore.Exactly(event.Version(3*stored[w])))
					if _, err := s.Append(t.Context(), a); err != nil {
						wantDiskError(t, "append", err, want...)
						refused[w] = a
						return
					}
					stored[w]++
				}
			})
		}
		wg.Wait()
		check := func(what string, s *sqlite.Store) {
			t.Helper()
			log := readLog(t, s)
			for w, n := range stored {
				if have := len(log.Streams[refused[w].Stream]); have != 3*n {
					t.Errorf("%s: writer %d has %d events, %d appends of 3 were acknowledged", what, w, have, n)
				}
			}
		}
		check("full", s)
		if total := stored[0] + stored[1] + stored[2] + stored[3]; total < 20 {
			t.Errorf("%d appends until the disk was full", total)
		}
		grow()
		for w, a := range refused {
			if res, err := s.Append(t.Context(), a); err != nil || res[0].Replayed {
				t.Errorf("with room again: %+v %v", res, err)
			}
			stored[w]++
		}
		check("with room again", s)
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		check("opened again", open(t, path, sqlite.Config{}))
	})
}

// Without any room a database can't be made, and nothing that looks like one is left behind that
// would be in the way later.
func TestFullDiskFromTheStart(t *testing.T) {
	apart(t, func(t *testing.T, p place) {
		dir, grow := p.smallDisk(1 << 19)
		if p.mounts {
			fill(t, dir)
		}
		path := filepath.Join(dir, "events.db")
		s, err := sqlite.Open(t.Context(), path, sqlite.Config{})
		if err == nil {
			err = s.Migrate(t.Context())
			if closing := s.Close(); closing != nil {
				wantDiskError(t, "close", closing, sqlite.ErrFull, sqlite.ErrIO)
			}
		}
		if p.mounts || err != nil { // a limit on files may leave just enough room
			wantDiskError(t, "open and migrate", err, sqlite.ErrFull, sqlite.ErrIO, sqlite.ErrCantOpen)
		}
		grow()
		s = migrated(t, path, sqlite.Config{})
		if _, err := s.Append(t.Context(), oneEvent()); err != nil {
			t.Errorf("with room: %v", err)
		}
	})
}

// fill takes all the room there is left.
func fill(t *testing.T, dir string) {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
}

// A file system that is read-only is said to be, and nothing is changed.
func TestReadOnlyDisk(t *testing.T) {
	apart(t, func(t *testing.T, p place) {
		dir := p.dir
		if p.mounts {
			dir = p.mount(p.dir, 4<<20)
		} else {
			dir = filepath.Join(dir, "given-away")
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		path := filepath.Join(dir, "events.db")
		s := migrated(t, path, sqlite.Config{})
		if _, err := s.Append(t.Context(), oneEvent()); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		before, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		p.readOnly(dir)

		s, err = sqlite.Open(t.Context(), path, sqlite.Config{})
		if err == nil {
			defer s.Close()
			_, err = s.Append(t.Context(), oneEvent())
		}
		wantDiskError(t, "open and append", err, sqlite.ErrReadOnly, sqlite.ErrCantOpen)
		_, err = sqlite.Open(t.Context(), filepath.Join(dir, "new.db"), sqlite.Config{})
		wantDiskError(t, "open a new one", err, sqlite.ErrReadOnly, sqlite.ErrCantOpen)
		if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
			t.Errorf("the file was changed: %v", err)
		}
	})
}
