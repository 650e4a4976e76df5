//go:build unix

package side

import (
	"syscall"
	"time"
)

// cpuTime returns how long the process has been on a CPU, the collector's work included.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
