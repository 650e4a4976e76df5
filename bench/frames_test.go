package bench

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/eventsource-go/eventsource/bench/domain"
)

// What an append writes is what it costs once the disk is the limit: the pages of one event are
// those of the log, of its two unique keys, and of the stream's row. A page more for each append
// is a fifth of the speed, and shows here whatever the machine does meanwhile.
func TestPagesWrittenByAnAppend(t *testing.T) {
	for n, most := range map[int]float64{1: 4.5, 100: 26} {
		const streams, rounds = 16, 10
		dir := t.TempDir()
		w, err := ours.open(t.Context(), dir, "NORMAL", n, 1)
		if err != nil {
			t.Fatal(err)
		}
		appendAll := func(ctx context.Context, version int) {
			for stream := range streams {
				if err := w.append(ctx, 0, domain.Name(stream), version); err != nil {
					t.Fatal(err)
				}
			}
		}
		appendAll(t.Context(), 0)
		before, end := frames(t, dir), 1
		for ; end <= rounds && frames(t, dir) < 900; end++ { // at 1000 SQLite begins the file anew
			appendAll(t.Context(), end*n)
		}
		if got := (frames(t, dir) - before) / float64((end-1)*streams); got > most {
			t.Errorf("%.2f pages for an append of %d events, at most %g are allowed", got, n, most)
		}
		if err := w.close(); err != nil {
			t.Error(err)
		}
	}
}

// frames returns how many pages the write-ahead log has. It counts those that were written
// since the file was begun, if nothing was checkpointed meanwhile.
func frames(t *testing.T, dir string) float64 {
	info, err := os.Stat(filepath.Join(dir, "bench.db-wal"))
	if err != nil {
		t.Fatal(err)
	}
	const header, frame = 32, 24 + 4096
	return float64(info.Size()-header) / frame
}
