package roundtrip

import (
	"syscall"
	"time"
)

// sleep is time.Sleep to some ten microseconds: the runtime's timers, on a machine at rest, come
// up to a millisecond late, which is as much as the delay.
func sleep(d time.Duration) {
	for until := time.Now().Add(d); d > 0; d = time.Until(until) { // signals come between
		left := syscall.NsecToTimespec(int64(d))
		_ = syscall.Nanosleep(&left, nil)
	}
}
