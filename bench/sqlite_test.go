package bench

import (
	"testing"

	"github.com/eventsource-go/eventsource/bench/domain"
)

// Who is compared must do the same work: after the same appends all have the same number of
// events, at the durability that was asked for.
func TestWritersAgree(t *testing.T) {
	for _, m := range []maker{ours, hallgrens, raws, mutexed} {
		for _, callers := range []int{1, 32} {
			const n, appends = 3, 4
			w, err := m.open(t.Context(), t.TempDir(), "FULL", n, callers)
			if err != nil {
				t.Fatal(m.impl, err)
			}
			for stream := range 2 {
				for i := range appends {
					if err := w.append(t.Context(), 0, domain.ID(stream).String(), i*n); err != nil {
						t.Fatal(m.impl, err)
					}
				}
			}
			if got, err := w.count(t.Context()); err != nil || got != 2*appends*n {
				t.Errorf("%s for %d callers has %d events, want %d, error %v", m.impl, callers, got, 2*appends*n, err)
			}
			if err := w.append(t.Context(), 0, domain.ID(0).String(), 0); err == nil {
				t.Errorf("%s for %d callers stored version 1 twice", m.impl, callers)
			}
			if err := w.close(); err != nil {
				t.Error(m.impl, err)
			}
		}
	}
}
