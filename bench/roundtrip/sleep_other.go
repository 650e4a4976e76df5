//go:build !linux

package roundtrip

import "time"

func sleep(d time.Duration) { time.Sleep(d) }
