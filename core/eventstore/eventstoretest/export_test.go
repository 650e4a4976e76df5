package eventstoretest

import (
	"testing"
	"time"
)

// Impatient makes cases wait for a second at most for what may never come, until t ends.
func Impatient(t *testing.T) {
	was := patience
	patience = time.Second
	t.Cleanup(func() { patience = was })
}
